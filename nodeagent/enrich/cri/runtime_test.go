package cri_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri/critest"
)

// start runs a Runtime on a host's root, and tells how it is.
func start(t *testing.T, root, endpoint string) (known *cri.Runtime, states chan bool, log *strings.Builder) {
	t.Helper()
	states, log = make(chan bool, 16), &strings.Builder{}
	known = cri.New(cri.Options{
		HostRoot: root, Endpoint: endpoint, OnState: func(answers bool) { states <- answers }, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); known.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return known, states, log
}

// shortDir is for sockets, whose paths must be short.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cri") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func serve(t *testing.T, socket string) *critest.Fake {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	fake, err := critest.Serve(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Stop)
	return fake
}

func TestTheSocketOfTheRuntimeIsFoundBelowTheHostRoot(t *testing.T) {
	for _, test := range []struct {
		name, endpoint string
		sockets        []string // the runtime's is the last
	}{
		{"containerd", cri.Auto, []string{"run/containerd/containerd.sock"}},
		{"CRI-O", cri.Auto, []string{"run/crio/crio.sock"}},
		{"k3s, beside the containerd of a Docker", cri.Auto, []string{"run/containerd/containerd.sock", "run/k3s/containerd/containerd.sock"}},
		{"one that is named", "/opt/cri.sock", []string{"run/containerd/containerd.sock", "opt/cri.sock"}},
		{"one that is named as the kubelet names it", "unix:///opt/cri.sock", []string{"opt/cri.sock"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := shortDir(t)
			for _, socket := range test.sockets {
				serve(t, filepath.Join(root, socket))
			}
			_, _, id := critest.Pod(t, filepath.Join(root, test.sockets[len(test.sockets)-1]), "nginx", "")
			known, states, _ := start(t, root, test.endpoint)
			if !<-states {
				t.Error("it does not answer")
			}
			if _, ok := known.Container(critest.UID, id); !ok {
				t.Error("the container is not known")
			}
		})
	}
}

func TestALinkDoesNotLeadOutOfTheHostRoot(t *testing.T) {
	root, outside := shortDir(t), shortDir(t)
	serve(t, filepath.Join(outside, "containerd.sock"))
	if err := os.MkdirAll(filepath.Join(root, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "run/containerd")); err != nil {
		t.Fatal(err)
	}
	if _, states, _ := start(t, root, cri.Auto); <-states {
		t.Error("a socket outside of the root was found")
	}
}

func TestARuntimeThatIsAwayIsToldOnceAndFoundWhenItComes(t *testing.T) {
	root := shortDir(t)
	socket := filepath.Join(root, "run/crio/crio.sock")
	known, states, log := start(t, root, cri.Auto)
	if <-states {
		t.Error("it answers")
	}
	fake := serve(t, socket)
	_, _, id := critest.Pod(t, socket, "nginx", "")
	for ok := false; !ok; time.Sleep(10 * time.Millisecond) { // whoever asks has it looked for
		_, ok = known.Container(critest.UID, id)
	}
	if !<-states {
		t.Error("it does not answer")
	}
	fake.Stop()
	listener, err := net.Listen("unix", socket) // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	for waiting := true; waiting; {
		select {
		case answers := <-states:
			if answers {
				t.Error("it answers again")
			}
			waiting = false
		case <-time.After(10 * time.Millisecond):
			known.Container(critest.UID, strings.Repeat("0", 64))
		}
	}
	if _, ok := known.Container(critest.UID, id); !ok {
		t.Error("what was known is forgotten with the runtime")
	}
	if count := strings.Count(log.String(), "level=WARN"); count != 2 {
		t.Errorf("it warned %d times, want 2:\n%s", count, log.String())
	}
}

// answer is what somebody knows of every container.
type answer struct {
	pod enrich.Pod
	ok  bool
}

func (a answer) Container(string, string) (enrich.Pod, bool) { return a.pod, a.ok }

func TestJoin(t *testing.T) {
	pod := enrich.Pod{Namespace: "shop", Name: "web-0", Labels: map[string]string{"app": "web"}}
	whole := pod
	whole.Container, whole.Image, whole.ImageID = "nginx", "nginx:1.29", "nginx@sha256:1"
	told := enrich.Pod{Namespace: "shop", Name: "web-0", Container: "told", Image: "told:1", ImageID: "sha256:2", SharesPIDs: true}
	both := pod
	both.Container, both.Image, both.ImageID = told.Container, told.Image, told.ImageID
	for _, test := range []struct {
		name               string
		api, runtime, want answer
	}{
		{"the API server knows it all", answer{whole, true}, answer{told, true}, answer{whole, true}},
		{"the API server does not know the container yet", answer{pod, true}, answer{told, true}, answer{both, true}},
		{"the API server does not know the pod", answer{}, answer{told, true}, answer{told, true}},
		{"the runtime does not know it", answer{pod, true}, answer{}, answer{pod, true}},
		{"nobody knows it", answer{}, answer{}, answer{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got answer
			got.pod, got.ok = cri.Join(test.api, test.runtime).Container("uid", "id")
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if cri.Join(nil, nil) != nil {
		t.Error("nobody knows something")
	}
}
