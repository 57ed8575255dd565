package enrich_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	hostGroup = "0::/system.slice/sshd.service\n"
	webGroup  = "0::/kubepods/burstable/pod" + uid + "/" + id + "\n"
	dbGroup   = "0::/kubepods/burstable/pod" + uid2 + "/" + other + "\n"
)

var (
	host = event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc, Unit: "sshd.service", Slice: "system.slice"}
	// nowhere is a process at the root of the host's groups, as kernel threads are.
	nowhere = event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc}

	none = event.Who{Confidence: event.ConfidenceNone}
	web  = event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc, PodUID: uid, ContainerID: id}
	db   = event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc, PodUID: uid2, ContainerID: other}
)

// likely returns a Who as the parent tells it.
func likely(who event.Who) event.Who {
	who.Confidence = event.ConfidenceParent
	return who
}

// world is a /proc in a directory, and an Enricher that looks at it.
type world struct {
	*testing.T
	root     string
	enricher *enrich.Enricher
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root := t.TempDir()
	w := &world{T: t, root: root, enricher: enrich.New(enrich.Options{HostRoot: root})}
	w.write("uptime", "1000.00 1900.00\n")
	return w
}

func (w *world) write(name, text string) {
	w.Helper()
	path := filepath.Join(w.root, "proc", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// begin makes a process that began so long after boot.
func (w *world) begin(pid uint32, comm, group string, began time.Duration) {
	w.Helper()
	dir := strconv.Itoa(int(pid))
	w.write(dir+"/cgroup", group)
	w.write(dir+"/comm", comm+"\n")
	w.write(dir+"/stat", fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %d 1 1\n", pid, comm, began/(10*time.Millisecond)))
}

func (w *world) end(pid uint32) {
	w.Helper()
	if err := os.RemoveAll(filepath.Join(w.root, "proc", strconv.Itoa(int(pid)))); err != nil {
		w.Fatal(err)
	}
}

// event hands in an event that is so old.
func (w *world) event(pid, ppid uint32, age time.Duration, want event.Who) {
	w.Helper()
	e := &event.Event{Time: time.Now().Add(-age), Process: event.Process{PID: event.NewID(pid), PPID: event.NewID(ppid)}}
	w.enricher.Who(e)
	if diff := cmp.Diff(want, e.Who, placeOnly); diff != "" {
		w.Errorf("(-want +got):\n%s", diff)
	}
}

// placeOnly leaves out who started a process and when, which other tests look at.
var placeOnly = cmpopts.IgnoreFields(event.Who{}, "Start", "Ancestors")

func TestWho(t *testing.T) {
	const shim = 50
	soon := 5 * time.Millisecond
	for _, test := range []struct {
		name string
		run  func(w *world)
	}{
		{"a process in a container", func(w *world) {
			w.begin(100, "nginx", webGroup, 0)
			w.event(100, 99, soon, web)
		}},
		{"a process of the host", func(w *world) {
			w.begin(100, "sshd", hostGroup, 0)
			w.event(100, 1, soon, host)
		}},
		{"a process that nobody knows", func(w *world) {
			w.event(100, 99, soon, none)
		}},
		{"a process that is gone, and was seen moments ago", func(w *world) {
			w.begin(100, "cat", webGroup, 0)
			w.event(100, 99, soon, web)
			w.end(100)
			time.Sleep(time.Second)
			w.event(100, 99, soon, web)
		}},
		{"a process that is gone, and was seen a minute ago", func(w *world) {
			w.begin(100, "cat", webGroup, 0)
			w.event(100, 99, soon, web)
			w.end(100)
			time.Sleep(time.Minute)
			w.event(100, 99, soon, none)
		}},
		{"a process that is gone, and its parent is there", func(w *world) {
			w.begin(99, "sh", webGroup, 0)
			w.event(100, 99, soon, likely(web))
		}},
		{"a process that is gone, and its parent, and that one's parent is there", func(w *world) {
			w.begin(98, "sh", webGroup, 0)
			w.event(99, 98, soon, likely(web))
			w.event(100, 99, soon, likely(web))
		}},
		{"a process of the host that is gone, and its parent", func(w *world) {
			w.begin(99, "cron", hostGroup, 0)
			w.event(99, 1, soon, host)
			w.end(99)
			w.event(100, 99, soon, likely(host))
		}},
		{"the first process of a container, gone: the shim's other children are in the pod", func(w *world) {
			w.begin(shim, "containerd-shim", hostGroup, 0)
			w.write("50/task/50/children", "51 52 ")
			w.begin(52, "pause", "0::/kubepods/burstable/pod"+uid+"/"+other+"\n", 0)
			w.event(53, shim, soon, event.Who{Confidence: event.ConfidenceParent, Source: event.SourceProc, PodUID: uid})
		}},
		{"the first process of a container, gone: the shim has no other children", func(w *world) {
			w.begin(shim, "containerd-shim", hostGroup, 0)
			w.write("50/task/50/children", "")
			w.event(53, shim, soon, none)
		}},
		{"the first process of a container, gone: CRI-O's monitor is in the pod's group", func(w *world) {
			w.begin(shim, "conmon", "0::/kubepods/burstable/pod"+uid+"/crio-conmon-"+id+"\n", 0)
			w.event(53, shim, soon, event.Who{Confidence: event.ConfidenceParent, Source: event.SourceProc, PodUID: uid})
		}},
		{"a process on its way into a container", func(w *world) {
			w.begin(100, "runc", hostGroup, 0)
			w.event(100, 99, 0, host)
			w.begin(100, "nginx", webGroup, 0)
			w.event(100, 99, 0, web)
		}},
		{"a busy process of the host needs a look now and then", func(w *world) {
			w.begin(100, "sshd", hostGroup, 0)
			for range 30 {
				w.event(100, 99, 0, host)
				time.Sleep(100 * time.Millisecond)
			}
			w.begin(100, "nginx", webGroup, 0)
			w.event(100, 99, 0, host)
			time.Sleep(time.Second)
			w.event(100, 99, 0, web)
		}},
		{"events before the look need no other look", func(w *world) {
			w.begin(100, "sshd", hostGroup, 0)
			w.event(100, 99, 20*time.Millisecond, host)
			w.end(100)
			w.event(100, 99, 15*time.Millisecond, host)
		}},
		{"a pid that another process has now", func(w *world) {
			w.begin(100, "nginx", webGroup, 0)
			w.event(100, 99, soon, web)
			time.Sleep(time.Second)
			w.begin(100, "postgres", dbGroup, 1001*time.Second)
			w.event(100, 99, soon, db)
		}},
		{"a late event of a pid that another process has now", func(w *world) {
			w.begin(100, "postgres", dbGroup, 995*time.Second)
			w.event(100, 99, 10*time.Second, none)
			w.event(100, 99, 3*time.Second, db)
		}},
		{"a zombie, which version 1 shows at the root", func(w *world) {
			w.begin(99, "sh", webGroup, 0)
			w.begin(100, "cat", "4:memory:/\n1:name=systemd:/\n0::/\n", 0)
			w.event(100, 99, soon, nowhere)
			w.write("100/stat", "100 (a ) S) Z 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 1 1 1\n")
			w.event(100, 99, -time.Second, nowhere)
			w.write("101/cgroup", "4:memory:/\n1:name=systemd:/\n0::/\n")
			w.write("101/stat", "101 (a ) S) Z 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 1 1 1\n")
			w.event(101, 99, soon, likely(web))
		}},
		{"the clock was set back", func(w *world) {
			w.begin(100, "nginx", webGroup, 0)
			w.event(100, 99, -time.Hour, web)
			time.Sleep(2 * time.Minute)
			w.begin(100, "postgres", dbGroup, 1001*time.Second)
			w.event(100, 99, soon, db)
		}},
		{"pid 0 is nobody", func(w *world) {
			w.event(0, 0, soon, none)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test.run(newWorld(t)) })
		})
	}
}

func TestAnEventWithoutAProcess(t *testing.T) {
	e := &event.Event{Time: time.Now(), Who: web}
	enrich.New(enrich.Options{HostRoot: t.TempDir()}).Who(e)
	if diff := cmp.Diff(none, e.Who); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// shop knows one pod.
type shop struct{}

func (shop) Container(podUID, containerID string) (enrich.Pod, bool) {
	pod := enrich.Pod{Namespace: "shop", Name: "web-0", Labels: map[string]string{"app": "web"}}
	if containerID == id {
		pod.Container, pod.Image = "nginx", "nginx:1.29"
	}
	return pod, podUID == uid
}

func TestWhoGivesNamesAsFarAsTheyAreKnown(t *testing.T) {
	w := newWorld(t)
	w.enricher = enrich.New(enrich.Options{HostRoot: w.root, Pods: shop{}})
	w.begin(100, "nginx", webGroup, 0)
	w.begin(200, "postgres", dbGroup, 0)
	named := web
	named.Namespace, named.Pod, named.Labels = "shop", "web-0", map[string]string{"app": "web"}
	named.Container, named.Image = "nginx", "nginx:1.29"
	w.event(100, 99, 0, named)
	w.event(200, 99, 0, db)
}
