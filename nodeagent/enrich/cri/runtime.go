package cri

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

const (
	// keep is how long a container stays known after the runtime has told of it last.
	keep = 2 * time.Minute
	// rarely is the longest time between two looks, often the shortest: a container that nobody knows asks for one.
	rarely = time.Minute
	often  = time.Second
	// patience is how long the runtime may take for an answer, and messages are at most as long as the kubelet allows.
	patience   = 5 * time.Second
	maxMessage = 16 << 20
)

// Options are what New needs.
type Options struct {
	// HostRoot is where the host's root directory is seen.
	HostRoot string
	// Endpoint is the socket's path on the host, or Auto.
	Endpoint string
	// OnState is told whether the runtime answers, whenever that changes. May be nil.
	OnState func(answers bool)
	// Log is the program's.
	Log *slog.Logger
}

// Runtime knows the containers of a node's runtime. It is safe for concurrent use.
type Runtime struct {
	options Options
	want    chan struct{}

	mu   sync.RWMutex
	rows map[string]row

	// What follows is Run's own.
	path string // of the socket; empty while there is none
	conn *grpc.ClientConn
	told *string // what was said last; nil is nothing yet
}

var _ enrich.Pods = (*Runtime)(nil)

// New returns a Runtime. It knows nothing before Run.
func New(options Options) *Runtime {
	return &Runtime{options: options, want: make(chan struct{}, 1), rows: map[string]row{}}
}

// Container returns the pod of a container. One that is not known is asked for, for the next time.
func (r *Runtime) Container(podUID, containerID string) (enrich.Pod, bool) {
	if containerID == "" {
		return enrich.Pod{}, false
	}
	r.mu.RLock()
	found, ok := r.rows[containerID]
	r.mu.RUnlock()
	if !ok {
		select {
		case r.want <- struct{}{}:
		default:
		}
		return enrich.Pod{}, false
	}
	return found.pod, found.podUID == podUID
}

// Run keeps up with the runtime until ctx ends. It is called once.
func (r *Runtime) Run(ctx context.Context) {
	defer r.hangUp()
	for {
		r.look(ctx)
		if !wait(ctx, often, nil) || !wait(ctx, rarely-often, r.want) {
			return
		}
	}
}

// wait returns after a time, or when it is woken. It is false when ctx has ended.
func wait(ctx context.Context, long time.Duration, woken <-chan struct{}) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-woken:
	case <-timer.C:
	}
	return true
}

// look takes in what the runtime tells.
func (r *Runtime) look(ctx context.Context) {
	path := find(r.options.HostRoot, r.options.Endpoint)
	if path != r.path {
		r.hangUp()
		r.path = path
	}
	if path == "" {
		r.say("no container runtime's socket was found")
		return
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := r.ask(asking)
	if err != nil {
		r.hangUp() // so that a runtime that starts again is called at once
		if ctx.Err() == nil {
			r.say(fmt.Sprintf("the container runtime at %s does not answer: %v", path, err))
		}
		return
	}
	r.say("")
	r.take(found, time.Now())
}

// ask lists all containers and sandboxes. Containers come first: each one's sandbox is among those that are listed afterwards.
func (r *Runtime) ask(ctx context.Context) (map[string]row, error) {
	if r.conn == nil {
		conn, err := grpc.NewClient("unix://"+r.path, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
		if err != nil {
			return nil, err
		}
		r.conn = conn
	}
	client := runtime.NewRuntimeServiceClient(r.conn)
	containers, err := client.ListContainers(ctx, &runtime.ListContainersRequest{})
	if err != nil {
		return nil, err
	}
	sandboxes, err := client.ListPodSandbox(ctx, &runtime.ListPodSandboxRequest{})
	if err != nil {
		return nil, err
	}
	return rows(containers.GetContainers(), sandboxes.GetItems(), time.Now()), nil
}

// take joins what is told now with what was known, and forgets what is gone for long.
func (r *Runtime) take(found map[string]row, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.rows, found)
	maps.DeleteFunc(r.rows, func(_ string, known row) bool { return now.Sub(known.seen) > keep })
}

// say tells what is wrong once; nothing is that it works again.
func (r *Runtime) say(trouble string) {
	if r.told != nil && *r.told == trouble {
		return
	}
	if trouble == "" {
		r.options.Log.Info("the container runtime names containers that the API server does not know", "socket", r.path)
	} else {
		r.options.Log.Warn("the API server alone names pods and containers", "reason", trouble)
	}
	r.told = &trouble
	if r.options.OnState != nil {
		r.options.OnState(trouble == "")
	}
}

func (r *Runtime) hangUp() {
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
}
