//go:build linux

package trace_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
)

func TestMain(m *testing.M) {
	enrichtest.Main()
	os.Exit(m.Run())
}

// open returns a Tracer. Nothing of the audit system is touched by it, so it needs no lock.
func open(t *testing.T) *trace.Tracer {
	t.Helper()
	return opened(t, func(log *slog.Logger) (*trace.Tracer, error) { return trace.Open("/", log) })
}

func opened(t *testing.T, open func(log *slog.Logger) (*trace.Tracer, error)) *trace.Tracer {
	t.Helper()
	tracer, err := open(slog.New(slog.DiscardHandler))
	if errors.Is(err, syscall.EPERM) && os.Getenv("NODEAUDIT_REQUIRE_KERNEL") != "1" {
		t.Skipf("needs CAP_BPF and CAP_PERFMON: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tracer.Close(); err != nil {
			t.Error(err)
		}
	})
	return tracer
}

// container returns one that is taken away when the test ends.
func container(t *testing.T) enrichtest.Container {
	t.Helper()
	made, err := enrichtest.NewContainers(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := made.Close(); err != nil {
			t.Error(err)
		}
	})
	return made.All[0]
}

// gone runs a program to its end and returns its pid and when it ran.
func gone(t *testing.T, name string, args ...string) (pid uint32, before, after time.Time) {
	t.Helper()
	before = time.Now()
	command := exec.CommandContext(t.Context(), name, args...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return uint32(command.Process.Pid), before, time.Now()
}

func look(t *testing.T, tracer *trace.Tracer, pid uint32) enrich.Traced {
	t.Helper()
	got, ok := tracer.Process(pid)
	if !ok {
		t.Fatalf("nothing is known of process %d", pid)
	}
	return got
}

func TestKernelTellsOfAProcessThatIsGone(t *testing.T) {
	tracer := open(t)
	pid, before, after := gone(t, "true")
	got := look(t, tracer, pid)
	// The clocks of the time of day and of the time since boot are read one after the other.
	const slack = 5 * time.Millisecond
	last := before.Add(-slack)
	for _, at := range []time.Time{got.Start, got.Exec, got.Exit, after.Add(slack)} {
		if at.Before(last) {
			t.Errorf("start %v, exec %v, exit %v, want them in this order between %v and %v", got.Start, got.Exec, got.Exit, before, after)
		}
		last = at
	}
	if comm := strings.TrimRight(string(got.Comm[:]), "\x00"); comm != "true" || got.Parent != uint32(os.Getpid()) || got.Init || got.Nested {
		t.Errorf("comm %q, parent %d, init %v, nested %v, want true, %d, false, false", comm, got.Parent, got.Init, got.Nested, os.Getpid())
	}
	if !got.Moved.IsZero() {
		t.Errorf("moved at %v, want not at all", got.Moved)
	}
}

func TestKernelTellsOfAContainerThatWasGoneBeforeAnybodyAsked(t *testing.T) {
	tracer := open(t)
	c := container(t)
	inhabitant, err := c.Inhabit()
	if err != nil {
		t.Fatal(err)
	}
	if err := inhabitant.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(); err != nil {
		t.Fatal(err)
	}
	got := look(t, tracer, uint32(inhabitant.PID()))
	if groups := got.Groups.Unified + got.Groups.Legacy; !strings.Contains(groups, "/pod"+c.PodUID+"/"+c.ID) {
		t.Errorf("its groups are %+v, want those of container %s", got.Groups, c.ID)
	}
	if groups := got.Before.Unified + got.Before.Legacy; strings.Contains(groups, c.ID) || groups == "" {
		t.Errorf("its groups before it was moved are %+v, want those of this process", got.Before)
	}
	// By the clock of the audit system, which is late.
	if got.Moved.Before(got.Start.Add(-time.Second)) || got.Moved.After(got.Exit) {
		t.Errorf("moved at %v, want between %v and %v", got.Moved, got.Start, got.Exit)
	}
}

func TestKernelTellsOfAProcessFromBeforeWhenItEnds(t *testing.T) {
	command := exec.CommandContext(t.Context(), "cat")
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	tracer := open(t)
	pid := uint32(command.Process.Pid)
	if got, ok := tracer.Process(pid); ok {
		t.Errorf("of a process that has done nothing since, this is known: %+v", got)
	}
	_ = in.Close()
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	got := look(t, tracer, pid)
	if got.Parent != uint32(os.Getpid()) || got.Exit.IsZero() {
		t.Errorf("parent %d, exit %v, want %d and a time", got.Parent, got.Exit, os.Getpid())
	}
}

func TestKernelTellsTheFirstProcessOfAPidNamespace(t *testing.T) {
	tracer := open(t)
	// The shell is the first process of the namespace and prints its pid on the host; the program that it starts is the second.
	out, err := exec.CommandContext(t.Context(), "unshare", "--pid", "--fork", "sh", "-c", "cat /proc/self/stat; exit 0").Output()
	if err != nil {
		t.Skipf("needs unshare and a new pid namespace: %v", err)
	}
	pid, parent := uint32(0), uint32(0)
	if _, err := fmt.Sscanf(string(out), "%d (cat) %c %d", &pid, new(rune), &parent); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	type kind struct{ Init, Nested bool }
	for pid, want := range map[uint32]kind{parent: {true, true}, pid: {false, true}} {
		got := look(t, tracer, pid)
		if diff := cmp.Diff(want, kind{got.Init, got.Nested}); diff != "" {
			t.Errorf("process %d (-want +got):\n%s", pid, diff)
		}
	}
}

func TestKernelRightsAreGivenUpAndTheTracerGoesOn(t *testing.T) {
	if os.Getenv("TRACE_RIGHTS") == "1" {
		rights(t)
		return
	}
	open(t)
	// The rights are the process's: another one gives them up. It has what the chart gives to the agent.
	capabilities := "-all,+audit_control,+audit_read,+sys_chroot,+bpf,+perfmon"
	command := exec.CommandContext(t.Context(), "setpriv", "--bounding-set="+capabilities, "--inh-caps=-all", "--no-new-privs",
		os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), "TRACE_RIGHTS=1")
	out, err := command.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("needs setpriv")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v: %s", err, out)
	}
}

// rights runs with the capabilities of the agent.
func rights(t *testing.T) {
	tracer := open(t)
	if err := trace.DropRights(); errors.Is(err, trace.ErrRightsNeeded) {
		t.Logf("kept: %v", err)
		return
	} else if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := gone(t, "true")
	if got := look(t, tracer, pid); got.Parent != uint32(os.Getpid()) {
		t.Errorf("parent %d, want %d", got.Parent, os.Getpid())
	}
	if again, err := trace.Open("/", slog.New(slog.DiscardHandler)); !errors.Is(err, syscall.EPERM) {
		t.Errorf("programs can still be loaded: %v, %v", again, err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	// AUDIT_CONTROL 30, AUDIT_READ 37 and SYS_CHROOT 18.
	if want := "CapEff:\t0000002040040000\n"; !strings.Contains(string(status), want) {
		t.Errorf("the capabilities are not %q:\n%s", want, status)
	}
}

func TestKernelCountsWhatItsTablesHaveNoRoomFor(t *testing.T) {
	const rows, more = 1, 5
	tracer := opened(t, func(log *slog.Logger) (*trace.Tracer, error) { return trace.OpenSmall(rows, log) })
	for range rows + more {
		gone(t, "true")
	}
	container(t)
	// Others start processes and make groups meanwhile.
	got, err := tracer.Failures()
	if err != nil || got.Processes < more || got.Groups < 1 {
		t.Errorf("%+v, %v; want at least %d processes and a group", got, err, more)
	}
}

func TestKernelHasRoomForAll(t *testing.T) {
	tracer := open(t)
	gone(t, "true")
	container(t)
	if got, err := tracer.Failures(); err != nil || got.Processes != 0 || got.Groups != 0 {
		t.Errorf("%+v, %v; want none", got, err)
	}
}

func BenchmarkProcess(b *testing.B) {
	tracer, err := trace.Open("/", slog.New(slog.DiscardHandler))
	if err != nil {
		b.Skipf("needs CAP_BPF and CAP_PERFMON: %v", err)
	}
	defer func() { _ = tracer.Close() }()
	command := exec.CommandContext(b.Context(), "true")
	if err := command.Run(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		tracer.Process(uint32(command.Process.Pid))
	}
}
