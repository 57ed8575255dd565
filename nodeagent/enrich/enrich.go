package enrich

import (
	"log/slog"
	"path/filepath"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Pod is what the API server tells about a container's pod.
type Pod struct {
	// Namespace and Name are the pod's.
	Namespace, Name string
	// Container, Type and Image are the container's name, its kind, and the image that its specification names; ImageID is the one that runs.
	// Empty as long as it is not clear which one of the pod's containers it is.
	Container, Image, ImageID string
	Type                      event.ContainerType
	// Labels are the pod's. Nobody may write to the map.
	Labels map[string]string
	// Workload is what made the pod. Nil where nothing did.
	Workload *event.Workload
	// SharesPIDs says that its containers do not each have a pid namespace of their own.
	SharesPIDs bool
}

// Pods knows the pods of this node. It answers from memory.
type Pods interface {
	// Container returns the pod with this UID or, of a static pod, this hash of its configuration, and says which container of it has this id.
	// The result is false for a pod that is not known yet, or no longer.
	Container(podUID, containerID string) (Pod, bool)
}

// Options are what New needs.
type Options struct {
	// HostRoot is where the host's root directory is seen: "/", or "/host" in a container. /proc is read below it.
	HostRoot string
	// Pods names pods. Nil where there is no cluster: UIDs and ids are given then.
	Pods Pods
	// Tracer knows processes from the kernel. Nil where it may not or cannot: /proc alone tells then.
	Tracer Tracer
	// Logger is told once if /proc cannot be read. Nil says nothing.
	Logger *slog.Logger
}

// Enricher is for one goroutine, which hands it the events in their order.
type Enricher struct {
	proc   *proc
	space  namespace
	pods   Pods
	tracer Tracer
	forks  forks
	logger *slog.Logger
	warned bool
	seen   *recent[uint32, sighting] // by pid
	places *recent[string, reading]  // by the text of /proc/PID/cgroup
	groups *recent[Groups, reading]
	kin    *recent[uint32, *kin] // by pid
}

// The bounds are far above what lives on a node at a time; full, all of it takes about 10 MiB.
const (
	maxSeen   = 16384
	maxPlaces = 2048
	maxKin    = 8192
)

// New returns an Enricher. Without a Tracer it first looks at every process that there is.
func New(options Options) *Enricher {
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	root := filepath.Join("/", options.HostRoot)
	proc := newProc(filepath.Join(root, "proc"))
	r := &Enricher{
		proc:   proc,
		space:  findNamespace(root, proc),
		pods:   options.Pods,
		tracer: options.Tracer,
		forks:  forks{proc: proc},
		logger: logger,
		seen:   newRecent[uint32, sighting](maxSeen),
		places: newRecent[string, reading](maxPlaces),
		groups: newRecent[Groups, reading](maxPlaces),
		kin:    newRecent[uint32, *kin](maxKin),
	}
	if r.tracer == nil {
		r.seed(time.Now())
	}
	return r
}

// Who fills e.Who. It reads at most a few files of /proc and never waits for the API server.
func (r *Enricher) Who(e *event.Event) {
	now := time.Now()
	found := r.find(e, now)
	e.Who = event.Who{
		Confidence: found.confidence, Source: found.source, PodUID: found.podUID, ContainerID: found.containerID,
	}
	if found.unit != nil {
		e.Who.Unit, e.Who.Slice, e.Who.Session = found.unit.name, found.unit.slice, found.unit.session
	}
	entered := r.descent(e, found, now)
	r.follow(e, found, now)
	r.name(e, found, entered)
}

// name fills in what Pods knows.
func (r *Enricher) name(e *event.Event, found sighting, entered bool) {
	if r.pods == nil || found.podUID == "" {
		return
	}
	pod, ok := r.pods.Container(found.podUID, found.containerID)
	if !ok {
		return
	}
	e.Who.Namespace, e.Who.Pod, e.Who.Labels, e.Who.Workload = pod.Namespace, pod.Name, pod.Labels, pod.Workload
	e.Who.Container, e.Who.ContainerType, e.Who.Image, e.Who.ImageID = pod.Container, pod.Type, pod.Image, pod.ImageID
	// Where containers share a pid namespace, their first processes look like those that come from outside.
	e.Who.Entered = entered && !pod.SharesPIDs
}
