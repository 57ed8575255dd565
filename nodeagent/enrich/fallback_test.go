package enrich_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestWithoutATracer(t *testing.T) {
	const soon = 5 * time.Millisecond
	exit := int64(101)
	fork := func(w *world, caller uint32, syscall string, args ...string) {
		e := &event.Event{
			Time: time.Now().Add(-soon), Process: event.Process{PID: event.NewID(caller), PPID: event.NewID(1)},
			Call: event.Call{Syscall: syscall, SyscallArgs: args, Exit: &exit},
		}
		w.enricher.Who(e)
	}
	forked := likely(host)
	forked.Source = event.SourceFork
	for _, test := range []struct {
		name string
		run  func(w *world)
	}{
		{"a process that was there at the beginning and ends minutes later, with its first event", func(w *world) {
			w.write("sys/kernel/pid_max", "32768\n")
			w.write("stat", "cpu 1 2\nprocesses 1000\n")
			w.begin(100, "nginx", webGroup, 0)
			w.enricher = enrich.New(enrich.Options{HostRoot: w.root})
			time.Sleep(5 * time.Minute)
			w.end(100)
			w.write("stat", "cpu 1 2\nprocesses 9000\n")
			w.event(100, 99, soon, web)
		}},
		{"the same, where its pid can be another's by now", func(w *world) {
			w.write("sys/kernel/pid_max", "32768\n")
			w.write("stat", "processes 1000\n")
			w.begin(100, "nginx", webGroup, 0)
			w.enricher = enrich.New(enrich.Options{HostRoot: w.root})
			time.Sleep(5 * time.Minute)
			w.end(100)
			w.write("stat", "processes 19000\n")
			w.event(100, 99, soon, none)
		}},
		{"an event from before a process that was there at the beginning", func(w *world) {
			w.begin(100, "nginx", webGroup, 999*time.Second)
			w.enricher = enrich.New(enrich.Options{HostRoot: w.root})
			w.end(100)
			w.event(100, 99, 10*time.Second, none)
		}},
		{"a child of the host that a fork told of", func(w *world) {
			w.begin(100, "cron", hostGroup, 0)
			w.write("100/status", "Name:\tcron\nNSpid:\t100\n")
			fork(w, 100, "clone", "1200011", "0")
			w.end(100)
			w.event(101, 1, soon, forked)
		}},
		{"a thread is no child", func(w *world) {
			w.begin(100, "cron", hostGroup, 0)
			w.write("100/status", "Name:\tcron\nNSpid:\t100\n")
			fork(w, 100, "clone", "3d0f00", "0")
			w.end(100)
			w.event(101, 1, soon, none)
		}},
		{"a container's own number of a child says nothing on the host", func(w *world) {
			w.begin(100, "sh", webGroup, 0)
			w.write("100/status", "Name:\tsh\nNSpid:\t100\t7\n")
			fork(w, 100, "fork")
			w.end(100)
			w.event(101, 1, soon, none)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test.run(newWorld(t)) })
		})
	}
}

func TestEnteredByProc(t *testing.T) {
	for _, test := range []struct {
		name, status string
		want         bool
	}{
		{"the first process of the container", "NSpid:\t60\t1\n", false},
		{"one that came from outside", "NSpid:\t60\t34\n", true},
		{"one that is in the host's pid namespace yet", "NSpid:\t60\n", false},
		{"a kernel that does not tell", "Name:\tx\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.enricher = enrich.New(enrich.Options{HostRoot: w.root, Pods: shop{}})
				w.begin(50, "containerd-shim", hostGroup, 0)
				w.begin(60, "sh", webGroup, 0)
				w.write("60/status", test.status)
				if diff := cmp.Diff(test.want, w.who(60, 50, 0, "").Who.Entered); diff != "" {
					t.Errorf("entered (-want +got):\n%s", diff)
				}
			})
		})
	}
}
