package enrich_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

const (
	id    = "5bf5f16a2b7d4b1e7d2f0c9a8b6e3d4f1a2b3c4d5e6f708192a3b4c5d6e7f809"
	other = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
	uid   = "05b102bf-8744-4942-a241-9b6f07983a3a"
	slice = "05b102bf_8744_4942_a241_9b6f07983a3a"
	uid2  = "7b4d6c19-6a0e-4c1b-9d43-0a6c54b3a3f2"
	hash  = "3b2a1f0e9d8c7b6a5f4e3d2c1b0a9f8e"
)

type found struct{ PodUID, ContainerID string }

func TestParseCgroup(t *testing.T) {
	systemd := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + slice + ".slice/"
	cgroupfs := "/kubepods/burstable/pod" + uid + "/"
	kind := "/docker/" + other + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod"
	for _, test := range []struct {
		name, text string
		want       found
	}{
		{"containerd with systemd", "0::" + systemd + "cri-containerd-" + id + ".scope\n", found{uid, id}},
		{"CRI-O with systemd", "0::" + systemd + "crio-" + id + ".scope\n", found{uid, id}},
		{"CRI-O where crun adds a group", "0::" + systemd + "crio-" + id + ".scope/container\n", found{uid, id}},
		{"Docker with systemd", "0::" + systemd + "docker-" + id + ".scope\n", found{uid, id}},
		{"a guaranteed pod with systemd", "0::/kubepods.slice/kubepods-pod" + slice + ".slice/cri-containerd-" + id + ".scope\n", found{uid, id}},
		{"CRI-O's monitor is in the pod and in no container", "0::" + systemd + "crio-conmon-" + id + ".scope\n", found{uid, ""}},
		{
			"a kubelet with systemd and a containerd without",
			"0::/system.slice/containerd.service/kubepods-burstable-pod" + slice + ".slice:cri-containerd:" + id + "\n",
			found{uid, id},
		},
		{"the pod's own group", "0::" + strings.TrimSuffix(systemd, "/") + "\n", found{uid, ""}},
		{"cgroupfs", "0::" + cgroupfs + id + "\n", found{uid, id}},
		{"a guaranteed pod with cgroupfs", "0::/kubepods/pod" + uid + "/" + id + "\n", found{uid, id}},
		{"CRI-O with cgroupfs", "0::" + cgroupfs + "crio-" + id + "\n", found{uid, id}},
		{"CRI-O's monitor with cgroupfs", "0::" + cgroupfs + "crio-conmon-" + id + "\n", found{uid, ""}},
		{"a static pod", "0::/kubepods/burstable/pod" + hash + "/" + id + "\n", found{hash, id}},
		{
			"a static pod with systemd",
			"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + hash + ".slice/cri-containerd-" + id + ".scope\n",
			found{hash, id},
		},
		{"kind", "0::" + kind + slice + ".slice/cri-containerd-" + id + ".scope\n", found{uid, id}},
		{"kind, a process of its node", "0::/docker/" + other + "/system.slice/containerd.service\n", found{"", other}},
		{"a kubelet with its own root", "0::/kc/n1/kubepods/besteffort/pod" + uid + "/" + id + "\n", found{uid, id}},
		{"another cgroup namespace", "0::/../../kubepods-besteffort-pod" + slice + ".slice/cri-containerd-" + id + ".scope\n", found{uid, id}},
		{"another cgroup namespace with cgroupfs", "0::/../../pod" + uid + "/" + id + "\n", found{uid, id}},
		{"a container of the reader's own pod", "0::/../cri-containerd-" + id + ".scope\n", found{"", id}},
		{"Docker in a pod", "0::" + cgroupfs + id + "/docker/" + other + "\n", found{uid, id}},
		{"systemd in a pod", "0::" + systemd + "cri-containerd-" + id + ".scope/system.slice/ssh.service\n", found{uid, id}},
		{"Kubernetes in a pod", "0::" + cgroupfs + other + "/kubelet/kubepods/besteffort/pod" + uid2 + "/" + id + "\n", found{uid2, id}},
		{"Docker", "0::/docker/" + id + "\n", found{"", id}},
		{"Docker with systemd, alone", "0::/system.slice/docker-" + id + ".scope\n", found{"", id}},
		{"Docker in Docker", "0::/docker/" + id + "/docker/" + other + "\n", found{"", id}},
		{"Podman", "0::/machine.slice/libpod-" + id + ".scope/container\n", found{"", id}},
		{"Podman of a user", "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope\n", found{"", id}},
		{"Podman's monitor is the host's", "0::/machine.slice/libpod-conmon-" + id + ".scope\n", found{}},
		{"Podman's health check is the host's", "0::/system.slice/" + id + ".service\n", found{}},
		{"a zombie whose group is gone", "0::" + cgroupfs + id + " (deleted)\n", found{uid, id}},
		{"version 1", "11:pids:" + cgroupfs + id + "\n4:memory:" + cgroupfs + id + "\n1:name=systemd:" + cgroupfs + id + "\n", found{uid, id}},
		{"both versions, and the second knows nothing", "9:name=systemd:" + cgroupfs + id + "\n4:memory:/\n0::/\n", found{uid, id}},
		{"both versions, and the first knows less", "4:memory:/docker/" + other + "\n0::" + cgroupfs + id + "\n", found{uid, id}},
		{"a service", "0::/system.slice/sshd.service\n", found{}},
		{"the container runtime", "0::/system.slice/containerd.service\n", found{}},
		{"a session", "0::/user.slice/user-0.slice/session-1.scope\n", found{}},
		{"init", "0::/init.scope\n", found{}},
		{"a kernel thread", "0::/\n", found{}},
		{"pods outside of kubepods are others'", "0::/pod" + uid + "\n", found{}},
		{"an id of another length", "0::/docker/" + id[1:] + "\n", found{}},
		{"an id that is no number", "0::/docker/" + strings.Replace(id, "5", "g", 1) + "\n", found{}},
		{"nothing", "", found{}},
		{"no line of the kernel", "kubepods", found{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got found
			got.PodUID, got.ContainerID = enrich.ParseCgroup(test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseCgroup(f *testing.F) {
	f.Add("0::/kubepods.slice/kubepods-pod" + slice + ".slice/cri-containerd-" + id + ".scope\n")
	f.Add("4:memory:/kubepods/burstable/pod" + hash + "/" + id + "\n0::/\n")
	f.Add("0::/../../pod" + uid + "/crio-conmon-" + id + " (deleted)")
	f.Add("0::/system.slice/containerd.service/kubepods-burstable-pod" + slice + ".slice:cri-containerd:" + id)
	f.Fuzz(func(t *testing.T, text string) {
		podUID, containerID := enrich.ParseCgroup(text)
		if !strings.Contains(text, containerID) || (containerID != "" && len(containerID) != 64) {
			t.Errorf("container %q", containerID)
		}
		if !strings.Contains(strings.ReplaceAll(text, "_", "-"), podUID) || (podUID != "" && len(podUID) != 32 && len(podUID) != 36) {
			t.Errorf("pod %q", podUID)
		}
	})
}
