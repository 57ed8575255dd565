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
	// Container and Image are the container's name and the image that its specification names. Empty as long as it is not clear which one
	// of the pod's containers it is.
	Container, Image string
	// Labels are the pod's. Nobody may write to the map.
	Labels map[string]string
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
	// Logger is told once if /proc cannot be read. Nil says nothing.
	Logger *slog.Logger
}

// Enricher is for one goroutine, which hands it the events in their order.
type Enricher struct {
	proc   *proc
	space  namespace
	pods   Pods
	logger *slog.Logger
	warned bool
	seen   *recent[uint32, sighting] // by pid
	places *recent[string, reading]  // by the text of /proc/PID/cgroup
}

// Both bounds are far above what lives on a node at a time; full, the two maps take about 6 MiB.
const (
	maxSeen   = 16384
	maxPlaces = 2048
)

// New returns an Enricher.
func New(options Options) *Enricher {
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	root := filepath.Join("/", options.HostRoot)
	proc := newProc(filepath.Join(root, "proc"))
	return &Enricher{
		proc:   proc,
		space:  findNamespace(root, proc),
		pods:   options.Pods,
		logger: logger,
		seen:   newRecent[uint32, sighting](maxSeen),
		places: newRecent[string, reading](maxPlaces),
	}
}

// Who fills e.Who. It reads at most a few files of /proc and never waits for the API server.
func (r *Enricher) Who(e *event.Event) {
	found := r.find(e, time.Now())
	e.Who = event.Who{Confidence: found.confidence, PodUID: found.podUID, ContainerID: found.containerID}
	if r.pods == nil || found.podUID == "" {
		return
	}
	pod, ok := r.pods.Container(found.podUID, found.containerID)
	if !ok {
		return
	}
	e.Who.Namespace, e.Who.Pod, e.Who.Labels = pod.Namespace, pod.Name, pod.Labels
	e.Who.Container, e.Who.Image = pod.Container, pod.Image
}
