package event

// Confidence says how Who was found.
type Confidence string

const (
	// ConfidenceExact means that it was read where the process itself was.
	ConfidenceExact Confidence = "exact"
	// ConfidenceParent means that the process was gone already, and that it is where the process that made it was: mostly the same, not surely.
	ConfidenceParent Confidence = "parent"
	// ConfidenceNone means that neither is known, or that no process made the event. No place is filled then.
	ConfidenceNone Confidence = "none"
)

// Source says what told the place of the process or, with ConfidenceParent, of its parent.
type Source string

const (
	// SourceEBPF is the kernel, at the time when the process was made, moved or ran its program.
	SourceEBPF Source = "ebpf"
	// SourceProc is the process's folder in /proc, when the event arrived or shortly before.
	SourceProc Source = "proc"
	// SourceFork is the event of the call that made the process.
	SourceFork Source = "fork"
)

// ContainerType is a kind of container of a pod.
type ContainerType string

const (
	// ContainerMain is one that the pod is made for, sidecars among them.
	ContainerMain ContainerType = "container"
	// ContainerInit is one that runs before them, or beside them with restartPolicy Always.
	ContainerInit ContainerType = "init"
	// ContainerEphemeral is one that somebody added to the running pod, as kubectl debug does.
	ContainerEphemeral ContainerType = "ephemeral"
)

// Who is the place that an event came from, as far as the kernel and the API server tell. With confidence and without ContainerID and PodUID it
// is a process of the host.
type Who struct {
	// Confidence says how the place was found, and Source what told it.
	Confidence Confidence `json:"confidence"`
	Source     Source     `json:"source,omitempty"`
	// Namespace and Pod name the pod. Empty where there is none, and where the API server has not told yet or cannot.
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	// PodUID is the pod's UID, of a static pod the hash of its configuration.
	PodUID string `json:"podUID,omitempty"`
	// Container is the container's name in the pod, and ContainerType its kind, under the same condition as Pod.
	Container     string        `json:"container,omitempty"`
	ContainerType ContainerType `json:"containerType,omitempty"`
	// ContainerID is the runtime's id: 64 hexadecimal digits. Containers of Docker and Podman have it without a pod.
	ContainerID string `json:"containerID,omitempty"`
	// Image is the image that the container's specification names, and ImageID the one that runs.
	Image   string `json:"image,omitempty"`
	ImageID string `json:"imageID,omitempty"`
	// Workload is what made the pod. Nil where nothing did, or nothing is known of it. Events share it: nobody may write to it.
	Workload *Workload `json:"workload,omitempty"`
	// Labels are the pod's. Events share the map: nobody may write to it.
	Labels map[string]string `json:"labels,omitempty"`
	// Unit, Slice and Session are those of systemd, of a process of the host: sshd.service in system.slice, session-3.scope with the session 3.
	Unit    string `json:"unit,omitempty"`
	Slice   string `json:"slice,omitempty"`
	Session string `json:"session,omitempty"`
	// Entered says that the process came into its running container from outside, or descends from one that did. False where it is not known.
	Entered bool `json:"entered,omitempty"`
	// Actor is who, at the API server, had the process started by kubectl exec or debug. Nil unless the API server's audit events were joined with
	// those of the node. Events share it: nobody may write to it.
	Actor *Actor `json:"actor,omitempty"`
	// Start is when the process began. Zero where it is not known.
	Start Moment `json:"start,omitzero"`
	// Ancestors are who started it, the closest first, at most MaxAncestors. Events share them: nobody may write to them.
	Ancestors []Ancestor `json:"ancestors,omitempty"`
}

// MaxAncestors is how many ancestors an event has at most.
const MaxAncestors = 16

// Ancestor is a process from which another one descends.
type Ancestor struct {
	// PID is its number in the initial pid namespace.
	PID uint32 `json:"pid"`
	// Comm and Exe are the name and the program that it had last. Exe is empty where no record and no file told it.
	Comm string `json:"comm,omitempty"`
	Exe  string `json:"exe,omitempty"`
	// Start is when it began. Zero where it is not known.
	Start Moment `json:"start,omitzero"`
}

// Workload is the object that pods are made from.
type Workload struct {
	// Kind and Name are the object's; its namespace is the pod's.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// By says how it was found.
	By WorkloadSource `json:"by"`
}

// WorkloadSource says how a Workload was found.
type WorkloadSource string

const (
	// WorkloadByReference means that the pod's reference to its owner says so.
	WorkloadByReference WorkloadSource = "reference"
	// WorkloadByName means that the owner's name follows from it by the convention of the controller that made it: the ReplicaSet of a Deployment,
	// the Job of a CronJob.
	WorkloadByName WorkloadSource = "name"
)
