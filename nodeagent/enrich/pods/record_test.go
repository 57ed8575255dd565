package pods

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

const (
	uid = "05b102bf-8744-4942-a241-9b6f07983a3a"
	id  = "5bf5f16a2b7d4b1e7d2f0c9a8b6e3d4f1a2b3c4d5e6f708192a3b4c5d6e7f809"
	id2 = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
)

// web returns a pod with one container, as it is right after the scheduler has placed it.
func web() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-0", UID: uid, Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "nginx", Image: "nginx:1.29"}}},
	}
}

func running(name, id string) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: name, ContainerID: "containerd://" + id, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}
}

func terminated(name, id string) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: name, ContainerID: "cri-o://" + id, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}},
	}
}

func TestWhichContainer(t *testing.T) {
	sidecar := corev1.Container{Name: "proxy", Image: "envoy:1"}
	for _, test := range []struct {
		name             string
		change           func(*corev1.Pod)
		id               string
		container, image string
	}{
		{"the only one, before the status tells", func(*corev1.Pod) {}, id, "nginx", "nginx:1.29"},
		{"the status tells", func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, sidecar)
			p.Status.ContainerStatuses = []corev1.ContainerStatus{running("proxy", id2), running("nginx", id)}
		}, id2, "proxy", "envoy:1"},
		{"one of two, before the status tells", func(p *corev1.Pod) {
			p.Spec.Containers = append(p.Spec.Containers, sidecar)
		}, id, "", ""},
		{"the only one besides one for the beginning, before the status tells", func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{sidecar}
		}, id, "", ""},
		{"one for the beginning", func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{sidecar}
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{terminated("proxy", id2)}
		}, id2, "proxy", "envoy:1"},
		{"one for debugging", func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
				EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox"},
			}}
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{running("debug", id2)}
		}, id2, "debug", "busybox"},
		{"the only one, started again before the status tells", func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{terminated("nginx", id)}
		}, id2, "nginx", "nginx:1.29"},
		{"the sandbox, beside the only one", func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{running("nginx", id)}
		}, id2, "", ""},
		{"no container", func(*corev1.Pod) {}, "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := web()
			test.change(pod)
			object, err := newRecord(pod)
			if err != nil {
				t.Fatal(err)
			}
			want := enrich.Pod{
				Namespace: "shop", Name: "web-0", Container: test.container, Image: test.image, Labels: map[string]string{"app": "web"},
			}
			got := object.(*record).pod(test.id)
			want.Type = got.Type // another test is about it
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
