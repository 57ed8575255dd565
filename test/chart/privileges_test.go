package chart

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The whole of what the agent may do on a node. docs/security-model.md has the reason of each: change it there too.
func TestTheAgentHasThesePrivilegesAndNoOther(t *testing.T) {
	pod := pods(t, render(t))["agent"]
	yes, no, root := true, false, int64(0)
	want := &corev1.SecurityContext{
		RunAsUser: &root, RunAsGroup: &root,
		ReadOnlyRootFilesystem: &yes, AllowPrivilegeEscalation: &no,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"AUDIT_CONTROL", "AUDIT_READ", "SYS_CHROOT", "NET_ADMIN", "BPF", "PERFMON"}},
	}
	if diff := cmp.Diff(want, pod.Containers[0].SecurityContext); diff != "" {
		t.Errorf("security context (-want +got):\n%s", diff)
	}
	wantPod := &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	if diff := cmp.Diff(wantPod, pod.SecurityContext); diff != "" {
		t.Errorf("security context of the pod (-want +got):\n%s", diff)
	}
	if !pod.HostPID || !pod.HostNetwork || pod.HostIPC {
		t.Errorf("hostPID %v, hostNetwork %v, hostIPC %v, want true, true, false", pod.HostPID, pod.HostNetwork, pod.HostIPC)
	}
	if len(pod.Containers) != 1 || len(pod.InitContainers) != 0 {
		t.Errorf("%d containers and %d init containers, want 1 and 0", len(pod.Containers), len(pod.InitContainers))
	}
}

func TestTheAgentWritesToTwoFoldersOfTheNode(t *testing.T) {
	want := map[string]string{
		"/ at /host": "read, HostToContainer",
		"/var/lib/nodeaudit at /var/lib/nodeaudit":                             "read and write",
		"/var/log/nodeaudit at /var/log/nodeaudit":                             "read and write",
		"Secret nodeaudit-sinks at /var/run/nodeaudit/secrets/nodeaudit-sinks": "read",
	}
	if diff := cmp.Diff(want, mounts(t, pods(t, render(t))["agent"])); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
	want["/run at /host-run"] = "read and write"
	pod := pods(t, render(t, "--set=agent.rebootSentinel=true"))["agent"]
	if diff := cmp.Diff(want, mounts(t, pod)); diff != "" {
		t.Errorf("mounts where the agent may ask for reboots (-want +got):\n%s", diff)
	}
	if !slices.Contains(pod.Containers[0].Args, "--run-dir=/host-run") {
		t.Errorf("arguments %q", pod.Containers[0].Args)
	}
}

// mounts are the folders of the node, and the Secrets, in the agent's container, each with where it is and what may be done there.
func mounts(t *testing.T, pod corev1.PodSpec) map[string]string {
	t.Helper()
	paths := map[string]string{}
	for _, volume := range pod.Volumes {
		switch {
		case volume.HostPath != nil:
			paths[volume.Name] = volume.HostPath.Path
		case volume.Secret != nil && *volume.Secret.Optional && *volume.Secret.DefaultMode == 0o400:
			paths[volume.Name] = "Secret " + volume.Secret.SecretName
		default:
			t.Fatalf("volume %s is neither a path of the node nor a Secret that may be missing, for root alone", volume.Name)
		}
	}
	got := map[string]string{}
	for _, mount := range pod.Containers[0].VolumeMounts {
		mode := "read and write"
		if mount.ReadOnly {
			mode = "read"
		}
		if mount.MountPropagation != nil {
			mode += ", " + string(*mount.MountPropagation)
		}
		got[paths[mount.Name]+" at "+mount.MountPath] = mode
	}
	return got
}

func TestTheAgentHasTheSecretsThatTheValuesName(t *testing.T) {
	pod := pods(t, render(t, "--set=agent.sinkSecrets={splunk,kafka.example.com}"))["agent"]
	got := mounts(t, pod)
	for _, name := range []string{"splunk", "kafka.example.com"} {
		if got["Secret "+name+" at /var/run/nodeaudit/secrets/"+name] != "read" {
			t.Errorf("mounts %v", got)
		}
	}
	if got := mounts(t, pods(t, render(t, "--set=agent.sinkSecrets=null"))["agent"]); len(got) != 3 {
		t.Errorf("mounts without secrets: %v", got)
	}
}

// A cloud knows by them which role the agents may take. Nothing else gets them.
func TestTheAgentsServiceAccountHasTheAnnotationsOfTheValues(t *testing.T) {
	for _, o := range render(t, `--set=agent.serviceAccountAnnotations.eks\.amazonaws\.com/role-arn=audit`) {
		want := ""
		if o.GetKind() == "ServiceAccount" && o.GetName() == "nodeaudit-agent" {
			want = "audit"
		}
		if got := o.GetAnnotations()["eks.amazonaws.com/role-arn"]; got != want {
			t.Errorf("%s %s has the role %q, want %q", o.GetKind(), o.GetName(), got, want)
		}
	}
}

func TestValuesWidenThePrivilegesOnlyWhereAsked(t *testing.T) {
	for _, row := range []struct {
		name  string
		flags []string
		check func(*corev1.SecurityContext) bool
	}{
		{"privileged drops the list of capabilities", []string{"--set=agent.privileged=true"}, func(c *corev1.SecurityContext) bool {
			return *c.Privileged && c.Capabilities == nil && c.AllowPrivilegeEscalation == nil && *c.ReadOnlyRootFilesystem
		}},
		{"changes of the nodes' files make the agent privileged", []string{"--set=agent.remediation.enabled=true"}, func(c *corev1.SecurityContext) bool {
			return *c.Privileged && c.Capabilities == nil && c.AllowPrivilegeEscalation == nil && *c.ReadOnlyRootFilesystem
		}},
		{"a further capability comes after the six", []string{"--set=agent.extraCapabilities={DAC_READ_SEARCH}"}, func(c *corev1.SecurityContext) bool {
			return c.Privileged == nil && len(c.Capabilities.Add) == 7 && c.Capabilities.Add[6] == "DAC_READ_SEARCH" && c.Capabilities.Drop[0] == "ALL"
		}},
		{"without eBPF its two capabilities are left out", []string{"--set=agent.ebpf.enabled=false"}, func(c *corev1.SecurityContext) bool {
			return cmp.Equal(c.Capabilities.Add, []corev1.Capability{"AUDIT_CONTROL", "AUDIT_READ", "SYS_CHROOT", "NET_ADMIN"})
		}},
		{"with a small socket its capability is left out", []string{"--set=agent.largeSocket=false"}, func(c *corev1.SecurityContext) bool {
			return cmp.Equal(c.Capabilities.Add, []corev1.Capability{"AUDIT_CONTROL", "AUDIT_READ", "SYS_CHROOT", "BPF", "PERFMON"})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			context := pods(t, render(t, row.flags...))["agent"].Containers[0].SecurityContext
			if !row.check(context) {
				t.Errorf("security context: %+v", context)
			}
		})
	}
}

// The API server itself judges: a namespace of the level `restricted` takes the pods of the controller and of the uninstall job.
func TestPodSecurityJudgesThePods(t *testing.T) {
	s := cluster(t)
	rendered := pods(t, render(t, "--set=controller.priorityClassName="))
	for _, level := range []string{"restricted", "baseline", "privileged"} {
		labels := map[string]string{"pod-security.kubernetes.io/enforce": level}
		if err := s.admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: level, Labels: labels}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name, level, pod string
		refusal          []string
	}{
		{"the controller is restricted", "restricted", "controller", nil},
		{"the uninstall job is restricted", "restricted", "uninstall", nil},
		{"the agent is more than baseline allows, in three ways", "baseline", "agent", []string{
			"host namespaces (hostNetwork=true, hostPID=true)",
			`hostPath volumes (volumes "host", "state", "logs")`,
			`non-default capabilities (container "agent" must not include "AUDIT_CONTROL", "AUDIT_READ", "BPF", "NET_ADMIN", "PERFMON" in securityContext.capabilities.add)`,
		}},
		{"the agent needs the level privileged", "privileged", "agent", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := rendered[row.pod]
			spec.PriorityClassName = ""
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: row.pod, Namespace: row.level}, Spec: spec}
			err := s.admin.Create(t.Context(), pod, client.DryRunAll)
			if (err != nil) != (row.refusal != nil) {
				t.Fatalf("creating it: %v", err)
			}
			for _, words := range row.refusal {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("the refusal is %q, want %q in it", err, words)
				}
			}
		})
	}
}
