package enrich_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const (
	webPath  = "/kubepods/burstable/pod" + uid + "/" + id
	hostPath = "/system.slice/containerd.service"
)

// tracer is a Tracer that knows what a test has told it.
type tracer map[uint32]enrich.Traced

func (t tracer) Process(pid uint32) (enrich.Traced, bool) {
	found, ok := t[pid]
	return found, ok
}

// process is a row of the kernel's table.
func (t tracer) put(pid, parent uint32, comm, path string, start time.Time) *enrich.Traced {
	row := enrich.Traced{Start: start, Parent: parent, Groups: enrich.Groups{Unified: path, Legacy: "/"}}
	copy(row.Comm[:], comm)
	t[pid] = row
	return &row
}

// names returns the ancestors of an event's process in short.
func names(e *event.Event) []string {
	var out []string
	for _, a := range e.Who.Ancestors {
		name := strconv.Itoa(int(a.PID)) + " " + a.Comm
		if a.Exe != "" {
			name += " " + a.Exe
		}
		out = append(out, name)
	}
	return out
}

func (w *world) who(pid, ppid uint32, age time.Duration, exe string) *event.Event {
	e := &event.Event{Time: time.Now().Add(-age), Process: event.Process{PID: event.NewID(pid), PPID: event.NewID(ppid), Exe: exe}}
	w.enricher.Who(e)
	return e
}

func newTraced(t *testing.T) (*world, tracer) {
	t.Helper()
	w, table := newWorld(t), tracer{}
	w.enricher = enrich.New(enrich.Options{HostRoot: w.root, Tracer: table, Pods: shop{}})
	return w, table
}

func traced(who event.Who) event.Who {
	who.Source = event.SourceEBPF
	if who.PodUID == uid {
		who.Namespace, who.Pod, who.Labels = "shop", "web-0", map[string]string{"app": "web"}
		who.Container, who.Image = "nginx", "nginx:1.29"
	}
	return who
}

func TestWhatTheKernelTold(t *testing.T) {
	soon := 20 * time.Millisecond
	inHost := event.Who{Confidence: event.ConfidenceExact, Unit: "containerd.service", Slice: "system.slice"}
	for _, test := range []struct {
		name string
		run  func(w *world, table tracer)
	}{
		{"a process that is gone", func(w *world, table tracer) {
			table.put(100, 99, "cat", webPath, time.Now().Add(-time.Second))
			w.event(100, 99, soon, traced(web))
		}},
		{"what the kernel told comes before what a look tells", func(w *world, table tracer) {
			w.begin(100, "cat", dbGroup, 0)
			table.put(100, 99, "cat", webPath, time.Now().Add(-time.Second))
			w.event(100, 99, soon, traced(web))
		}},
		{"a process of the host, with its unit", func(w *world, table tracer) {
			table.put(100, 1, "shim", hostPath, time.Now().Add(-time.Second))
			w.event(100, 1, soon, traced(inHost))
		}},
		{"a pid that went to another process after the event", func(w *world, table tracer) {
			table.put(100, 98, "cat", dbGroup[3:len(dbGroup)-1], time.Now())
			w.event(100, 99, time.Second, none)
		}},
		{"a pid that went to another process, and the parent is known", func(w *world, table tracer) {
			table.put(99, 1, "sh", webPath, time.Now().Add(-time.Hour))
			table.put(100, 98, "cat", dbGroup[3:len(dbGroup)-1], time.Now())
			w.event(100, 99, time.Second, traced(likely(web)))
		}},
		{"a process that was moved into a container: events before and after it", func(w *world, table tracer) {
			row := table.put(100, 99, "runc", webPath, time.Now().Add(-time.Minute))
			row.Moved, row.Before = time.Now().Add(-time.Second), enrich.Groups{Unified: hostPath, Legacy: "/"}
			table[100] = *row
			w.event(100, 99, 2*time.Second, traced(inHost))
			w.event(100, 99, 900*time.Millisecond, traced(web))
			w.event(100, 99, 1500*time.Millisecond, traced(inHost))
			w.event(100, 99, soon, traced(web))
		}},
		{"the kernel's clock of ticks was late, and the process seems to have begun after its event", func(w *world, table tracer) {
			table.put(99, 98, "sh", hostPath, time.Now().Add(-10*time.Millisecond))
			table.put(100, 99, "cat", webPath, time.Now())
			w.event(100, 99, 80*time.Millisecond, traced(web))
		}},
		{"a process that the kernel does not know is looked at", func(w *world, _ tracer) {
			w.begin(100, "sshd", hostGroup, 0)
			w.event(100, 1, soon, host)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, table := newTraced(t)
				test.run(w, table)
			})
		})
	}
}

func TestAncestors(t *testing.T) {
	const soon = 20 * time.Millisecond
	for _, test := range []struct {
		name string
		run  func(w *world, table tracer, ago func(seconds int) time.Time) *event.Event
		want []string
	}{
		{"in a container they end with its first process", func(w *world, table tracer, ago func(int) time.Time) *event.Event {
			table.put(50, 1, "containerd-shim", hostPath, ago(100))
			table.put(60, 50, "tini", webPath, ago(90))
			table.put(70, 60, "sh", webPath, ago(80))
			table.put(100, 70, "cat", webPath, ago(1))
			return w.who(100, 70, soon, "/bin/cat")
		}, []string{"70 sh", "60 tini"}},
		{"on the host they go on to its first", func(w *world, table tracer, ago func(int) time.Time) *event.Event {
			table.put(1, 0, "systemd", "/init.scope", ago(1000))
			table.put(60, 1, "sshd", hostPath, ago(90))
			table.put(100, 60, "bash", hostPath, ago(1))
			return w.who(100, 1, soon, "")
		}, []string{"60 sshd", "1 systemd"}},
		{"they end where a pid went to another process", func(w *world, table tracer, ago func(int) time.Time) *event.Event {
			table.put(60, 1, "postgres", hostPath, ago(0))
			table.put(70, 60, "sh", hostPath, ago(80))
			table.put(100, 70, "cat", hostPath, ago(70))
			return w.who(100, 70, 10*time.Second, "")
		}, []string{"70 sh"}},
		{"a record of its own told the program of one", func(w *world, table tracer, ago func(int) time.Time) *event.Event {
			table.put(70, 0, "sh", hostPath, ago(80))
			table.put(100, 70, "cat", hostPath, ago(1))
			w.who(70, 1, soon, "/bin/dash")
			return w.who(100, 70, soon, "")
		}, []string{"70 sh /bin/dash"}},
		{"a row of processes that each start the next is cut off", func(w *world, table tracer, ago func(int) time.Time) *event.Event {
			for pid := uint32(100); pid <= 140; pid++ {
				table.put(pid, pid-1, "sh", hostPath, ago(200-int(pid)))
			}
			e := w.who(140, 139, soon, "")
			e.Who.Ancestors = e.Who.Ancestors[event.MaxAncestors-1:]
			return e
		}, []string{"124 sh"}},
		{"without a Tracer /proc tells those that are there", func(w *world, _ tracer, _ func(int) time.Time) *event.Event {
			w.enricher = enrich.New(enrich.Options{HostRoot: w.root})
			w.begin(60, "tini", webGroup, 0)
			w.write("60/stat", "60 (tini) S 50 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5 1 1\n")
			w.begin(70, "sh", webGroup, 0)
			w.write("70/stat", "70 (a (b) c) S 60 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5 1 1\n")
			w.begin(50, "containerd-shim", hostGroup, 0)
			return w.who(100, 70, soon, "")
		}, []string{"70 a (b) c", "60 tini"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, table := newTraced(t)
				now := time.Now()
				e := test.run(w, table, func(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) })
				if diff := cmp.Diff(test.want, names(e)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestEntered(t *testing.T) {
	// The container's first process is 60; 200 comes from outside, in the steps that runc takes: 198 joins the container's groups and makes 199,
	// which is in them but not in the container's pid namespace, and makes 200, which is.
	fill := func(table tracer, start time.Time) {
		set := func(pid, parent uint32, path string, nested, init bool) {
			row := table.put(pid, parent, "x", path, start)
			row.Nested, row.Init = nested, init
			table[pid] = *row
		}
		set(50, 1, hostPath, false, false)
		set(60, 50, webPath, true, true)
		set(61, 60, webPath, true, false)
		set(198, 50, webPath, false, false)
		set(199, 198, webPath, false, false)
		set(200, 199, webPath, true, false)
		set(201, 200, webPath, true, false)
		set(300, 299, webPath, true, false)
		set(400, 50, "/docker/"+other, true, false)
	}
	for _, test := range []struct {
		name      string
		pid, ppid uint32
		want      bool
		ancestors []string
	}{
		{"the container's first process", 60, 50, false, nil},
		{"its child", 61, 60, false, []string{"60 x"}},
		{"the runtime's helper on its way", 199, 198, false, []string{"198 x"}},
		{"one that came from outside", 200, 50, true, nil},
		{"its child", 201, 200, true, []string{"200 x"}},
		{"one whose parent nobody knows", 300, 299, false, nil},
		{"one in a container without a pod, of which it is not known whose pid namespace it has", 400, 50, false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, table := newTraced(t)
				fill(table, time.Now().Add(-time.Minute))
				e := w.who(test.pid, test.ppid, 20*time.Millisecond, "")
				if e.Who.Entered != test.want {
					t.Errorf("entered = %v, want %v", e.Who.Entered, test.want)
				}
				if diff := cmp.Diff(test.ancestors, names(e)); diff != "" {
					t.Errorf("ancestors (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestEnteredIsNotSaidWhereContainersShareAPidNamespace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, table := newTraced(t)
		w.enricher = enrich.New(enrich.Options{HostRoot: w.root, Tracer: table, Pods: sharing{}})
		table.put(50, 1, "shim", hostPath, time.Now().Add(-time.Minute))
		row := table.put(60, 50, "app", webPath, time.Now().Add(-time.Minute))
		row.Nested = true
		table[60] = *row
		if e := w.who(60, 50, 20*time.Millisecond, ""); e.Who.Entered {
			t.Error("it is said of a container's first process")
		}
	})
}

// sharing knows a pod with shareProcessNamespace.
type sharing struct{ shop }

func (s sharing) Container(podUID, containerID string) (enrich.Pod, bool) {
	pod, ok := s.shop.Container(podUID, containerID)
	pod.SharesPIDs = true
	return pod, ok
}

// asked counts how often a tracer is asked about each process.
type asked struct {
	tracer
	times map[uint32]int
}

func (a asked) Process(pid uint32) (enrich.Traced, bool) {
	a.times[pid]++
	return a.tracer.Process(pid)
}

func TestTheKernelIsAskedOnceAboutTheParentOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		table := asked{tracer{}, map[uint32]int{}}
		w.enricher = enrich.New(enrich.Options{HostRoot: w.root, Tracer: table})
		table.put(50, 0, "sh", hostPath, time.Now().Add(-time.Minute))
		child := func(pid uint32, age time.Duration) []string {
			table.put(pid, 50, "cat", hostPath, time.Now().Add(-age))
			return names(w.who(pid, 50, age-time.Millisecond, ""))
		}
		for pid := uint32(100); pid < 110; pid++ {
			if diff := cmp.Diff([]string{"50 sh"}, child(pid, 40*time.Millisecond)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		if table.times[50] != 1 {
			t.Errorf("asked %d times about what was told of the parent after its children began, want once", table.times[50])
		}
		// The parent runs another program, and then starts a child: what was told before is too old for it.
		time.Sleep(100 * time.Millisecond)
		row := table.put(50, 0, "bash", hostPath, time.Now().Add(-time.Minute))
		row.Exec = time.Now()
		table.tracer[50] = *row
		time.Sleep(50 * time.Millisecond)
		if diff := cmp.Diff([]string{"50 bash"}, child(110, 40*time.Millisecond)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"50 bash"}, child(111, 0)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"50 bash"}, child(112, 0)); diff != "" || table.times[50] != 4 {
			t.Errorf("asked %d times, want again where the child began with the last answer (-want +got):\n%s", table.times[50], diff)
		}
	})
}
