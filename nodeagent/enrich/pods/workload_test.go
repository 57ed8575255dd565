package pods

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestWorkloadOf(t *testing.T) {
	hashed := map[string]string{"pod-template-hash": "7d4b9c8f6"}
	for _, test := range []struct {
		name, version, kind, owner string
		labels                     map[string]string
		want                       *event.Workload
	}{
		{"a Deployment's", "apps/v1", "ReplicaSet", "web-7d4b9c8f6", hashed, &event.Workload{Kind: "Deployment", Name: "web", By: event.WorkloadByName}},
		{"a ReplicaSet that somebody made", "apps/v1", "ReplicaSet", "web-7d4b9c8f6", nil, &event.Workload{Kind: "ReplicaSet", Name: "web-7d4b9c8f6", By: event.WorkloadByReference}},
		{"a ReplicaSet with another hash", "apps/v1", "ReplicaSet", "web-1", hashed, &event.Workload{Kind: "ReplicaSet", Name: "web-1", By: event.WorkloadByReference}},
		{"a ReplicaSet of others", "example.org/v1", "ReplicaSet", "web-7d4b9c8f6", hashed, &event.Workload{Kind: "ReplicaSet", Name: "web-7d4b9c8f6", By: event.WorkloadByReference}},
		{"a CronJob's", "batch/v1", "Job", "backup-29384756", nil, &event.Workload{Kind: "CronJob", Name: "backup", By: event.WorkloadByName}},
		{"a Job that somebody made", "batch/v1", "Job", "backup-1", nil, &event.Workload{Kind: "Job", Name: "backup-1", By: event.WorkloadByReference}},
		{"a DaemonSet's", "apps/v1", "DaemonSet", "cni", nil, &event.Workload{Kind: "DaemonSet", Name: "cni", By: event.WorkloadByReference}},
		{"a StatefulSet's", "apps/v1", "StatefulSet", "db", nil, &event.Workload{Kind: "StatefulSet", Name: "db", By: event.WorkloadByReference}},
		{"a static pod's node", "v1", "Node", "n1", nil, &event.Workload{Kind: "Node", Name: "n1", By: event.WorkloadByReference}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: test.labels, OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "ConfigMap", Name: "not-the-controller"},
				{APIVersion: test.version, Kind: test.kind, Name: test.owner, Controller: new(true)},
			}}}
			if diff := cmp.Diff(test.want, workloadOf(pod)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := workloadOf(web()); got != nil {
		t.Errorf("a pod that nothing made has the workload %+v", got)
	}
}

func TestWhatRunsIsToldOfThisContainerOnly(t *testing.T) {
	pod := web()
	status := running("nginx", id)
	status.ImageID = "docker.io/library/nginx@sha256:00"
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	pod.Spec.ShareProcessNamespace = new(true)
	object, err := newRecord(pod)
	if err != nil {
		t.Fatal(err)
	}
	found := object.(*record).pod(id)
	if found.ImageID != status.ImageID || found.Type != event.ContainerMain || !found.SharesPIDs {
		t.Errorf("%+v", found)
	}
	pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	if object, err = newRecord(pod); err != nil {
		t.Fatal(err)
	}
	if found := object.(*record).pod(id2); found.ImageID != "" || found.Container != "nginx" {
		t.Errorf("of a container that is taken to be it: %+v", found)
	}
}
