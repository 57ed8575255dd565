package event

// Confidence says how Who was found.
type Confidence string

const (
	// ConfidenceExact means that the control group of the process itself was read.
	ConfidenceExact Confidence = "exact"
	// ConfidenceParent means that the process was gone already, and that its parent's control group was read: mostly the same, not surely.
	ConfidenceParent Confidence = "parent"
	// ConfidenceNone means that neither could be read, or that no process made the event. Nothing else of Who is filled then.
	ConfidenceNone Confidence = "none"
)

// Who is the place that an event came from, as far as control groups and the API server tell. With confidence and without ContainerID and
// PodUID it is a process of the host.
type Who struct {
	// Confidence says how it was found.
	Confidence Confidence `json:"confidence"`
	// Namespace and Pod name the pod. Empty where there is none, and where the API server has not told yet or cannot.
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	// PodUID is the pod's UID, of a static pod the hash of its configuration.
	PodUID string `json:"podUID,omitempty"`
	// Container is the container's name in the pod, under the same condition as Pod.
	Container string `json:"container,omitempty"`
	// ContainerID is the runtime's id: 64 hexadecimal digits. Containers of Docker and Podman have it without a pod.
	ContainerID string `json:"containerID,omitempty"`
	// Image is the image that the container's specification names.
	Image string `json:"image,omitempty"`
	// Labels are the pod's. Events share the map: nobody may write to it.
	Labels map[string]string `json:"labels,omitempty"`
}
