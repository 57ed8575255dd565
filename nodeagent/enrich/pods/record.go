package pods

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// configHash is the annotation with the hash of a static pod. Its control group has this hash where that of others has the UID, because the
// kubelet makes it before the API server knows the pod.
const configHash = "kubernetes.io/config.hash"

// record is what is kept of a pod. It is never changed. ObjectMeta is for client-go and has no more than the names, the UID and the labels.
type record struct {
	metav1.ObjectMeta
	hash       string
	sharesPIDs bool
	workload   *event.Workload
	containers []container
}

// container is one of a pod's containers of any kind.
type container struct {
	name, image string
	kind        event.ContainerType
	id, imageID string // empty until the status tells
	running     bool
}

// newRecord is a cache.TransformFunc.
func newRecord(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil // a record already, or a cache.DeletedFinalStateUnknown with one
	}
	r := &record{hash: pod.Annotations[configHash]}
	r.Namespace, r.Name, r.UID, r.Labels = pod.Namespace, pod.Name, pod.UID, pod.Labels
	r.ResourceVersion = pod.ResourceVersion
	r.sharesPIDs = pod.Spec.HostPID || (pod.Spec.ShareProcessNamespace != nil && *pod.Spec.ShareProcessNamespace)
	r.workload = workloadOf(pod)
	statuses := slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses, pod.Status.EphemeralContainerStatuses)
	r.containers = make([]container, 0, len(pod.Spec.Containers)+len(pod.Spec.InitContainers)+len(pod.Spec.EphemeralContainers))
	for _, c := range pod.Spec.Containers {
		r.add(container{name: c.Name, image: c.Image, kind: event.ContainerMain}, statuses)
	}
	for _, c := range pod.Spec.InitContainers {
		r.add(container{name: c.Name, image: c.Image, kind: event.ContainerInit}, statuses)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		r.add(container{name: c.Name, image: c.Image, kind: event.ContainerEphemeral}, statuses)
	}
	return r, nil
}

// add takes a container in. Names are unique in a pod, over all kinds.
func (r *record) add(c container, statuses []corev1.ContainerStatus) {
	for i := range statuses {
		if statuses[i].Name == c.name {
			_, c.id, _ = strings.Cut(statuses[i].ContainerID, "://")
			c.imageID = statuses[i].ImageID
			c.running = statuses[i].State.Running != nil
		}
	}
	r.containers = append(r.containers, c)
}

// keys are what the control group of the pod may say.
func (r *record) keys() []string {
	if r.hash == "" {
		return []string{string(r.UID)}
	}
	return []string{string(r.UID), r.hash}
}

// pod returns the answer for a container of the pod.
func (r *record) pod(containerID string) enrich.Pod {
	pod := enrich.Pod{Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Workload: r.workload, SharesPIDs: r.sharesPIDs}
	c := r.container(containerID)
	if c == nil {
		return pod
	}
	pod.Container, pod.Image, pod.Type = c.name, c.image, c.kind
	// What runs is known of this container only, not of one that is taken to be it.
	if c.id == containerID {
		pod.ImageID = c.imageID
	}
	return pod
}

// container returns the container with an id. The status is told a second or so after a container began: until then the only one of a pod is
// taken to be it, unless another id is told to run.
func (r *record) container(id string) *container {
	if id == "" {
		return nil
	}
	for i := range r.containers {
		if r.containers[i].id == id {
			return &r.containers[i]
		}
	}
	if len(r.containers) == 1 && !r.containers[0].running {
		return &r.containers[0]
	}
	return nil
}
