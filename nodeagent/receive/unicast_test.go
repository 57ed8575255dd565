package receive_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// world is a machine on which something happens all the time, with a Receiver that has read all of it.
type world struct {
	*testing.T
	client   *kernel.Client
	receiver *receive.Receiver

	mu      sync.Mutex
	records []event.Record
	lost    []receive.Lost
}

// begin takes the machine, which must have no audit daemon.
func begin(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, client: kerneltest.Lock(t)}
	if pid := w.auditd(); pid != 0 {
		t.Skipf("needs a machine without an audit daemon; process %d is it here", pid)
	}
	path := filepath.Join(t.TempDir(), "watched")
	settings := kernel.Settings{Enabled: new(uint32(kernel.On)), RateLimit: new(uint32(0)), BacklogLimit: new(uint32(8192))}
	if err := w.client.Set(settings); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Add(kerneltest.Watch(path, "receive-unicast")); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.receiver, err = receive.New(receive.Options{Auditd: func() (uint32, error) { return uint32(w.auditd()), nil }}); err != nil {
		t.Fatal(err)
	}
	// Some thousands of events a second: as many as a processor can make would fill the socket while the other one works for somebody else.
	busy := exec.Command("sh", "-c", `while :; do : > "$0"; i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; done`, path)
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Process.Kill(); _ = busy.Wait() })
	return w
}

func (w *world) auditd() int {
	w.Helper()
	status, err := w.client.Status()
	if err != nil {
		w.Error(err)
	}
	return int(status.PID)
}

// run runs the Receiver and keeps what it reads. stop ends both.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() { w.receiver.Run(ctx) })
	both.Go(func() {
		for b := range w.receiver.Batches() {
			w.mu.Lock()
			w.records, w.lost = append(w.records, b.Records...), append(w.lost, b.Lost...)
			w.mu.Unlock()
			w.receiver.Done(b)
		}
	})
	stop = func() { cancel(); both.Wait() }
	w.Cleanup(stop)
	return stop
}

func (w *world) wait(what string, is func() bool) {
	w.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("not so after 30 s: %s; auditd is %d, unicast %v", what, w.auditd(), w.receiver.State().Unicast)
		}
	}
}

// flow waits until more is read.
func (w *world) flow() {
	w.Helper()
	count := func() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.records) }
	before := count()
	w.wait("records come", func() bool { return count() > before+500 })
}

// check says that each serial came, and each record once.
func (w *world) check() {
	w.Helper()
	seen, serials := map[string]bool{}, map[int]bool{}
	for _, r := range w.records {
		line := fmt.Sprint(r.Type, r.Data)
		if seen[line] {
			w.Errorf("came twice: %s", line)
		}
		seen[line] = true
		var seconds, serial int
		var millis string
		if _, err := fmt.Sscanf(strings.Replace(strings.TrimPrefix(r.Data, "audit("), ".", " ", 1), "%d %3s:%d)", &seconds, &millis, &serial); err != nil {
			w.Fatalf("%q: %v", r.Data, err)
		}
		serials[serial] = true
	}
	sorted := make([]int, 0, len(serials))
	for s := range serials {
		sorted = append(sorted, s)
	}
	slices.Sort(sorted)
	for i := 1; i < len(sorted); i++ {
		if sorted[i] != sorted[i-1]+1 {
			w.Errorf("between serials %d and %d nothing came", sorted[i-1], sorted[i])
		}
	}
	if len(w.lost) > 0 {
		w.Errorf("lost %+v", w.lost)
	}
	w.Logf("%d records of %d events, each once", len(w.records), len(sorted))
}

// startAuditd starts Debian's daemon with a configuration of its own.
func (w *world) startAuditd(dir string) *exec.Cmd {
	w.Helper()
	c := exec.Command("auditd", "-n", "-s", "nochange", "-c", dir)
	if err := c.Start(); err != nil {
		w.Fatal(err)
	}
	return c
}

func auditdConfig(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("auditd"); err != nil {
		t.Skip("needs the programs of hack/peers.sh: auditd")
	}
	dir := t.TempDir()
	config := "local_events = yes\nwrite_logs = yes\nlog_file = " + dir + "/log/audit.log\nlog_format = RAW\nflush = NONE\nfreq = 50\n" +
		"max_log_file = 80\nmax_log_file_action = ROTATE\nnum_logs = 2\nspace_left = 2\nspace_left_action = IGNORE\nadmin_space_left = 1\n" +
		"admin_space_left_action = IGNORE\ndisk_full_action = IGNORE\ndisk_error_action = IGNORE\nplugin_dir = " + dir + "/plugins.d\n"
	for _, sub := range []string{"log", "plugins.d"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "auditd.conf"), []byte(config), 0o640); err != nil {
		t.Fatal(err)
	}
	return dir
}

// While something happens all the time, the place changes hands in every way that there is. Nothing is lost and nothing comes twice.
func TestKernelThePlaceOfTheAuditDaemonChangesHandsWithoutAHole(t *testing.T) {
	config := auditdConfig(t)
	w := begin(t)
	stop := w.run()
	w.flow()

	w.receiver.Collect(receive.Unicast)
	w.wait("this process is the kernel's audit daemon", func() bool { return w.auditd() == os.Getpid() && w.receiver.State().Unicast })
	w.flow()

	first := w.startAuditd(config)
	w.wait("the place is left to the other daemon", func() bool { return !w.receiver.State().Unicast })
	// The kernel refuses the first attempt at a place that is taken. What starts daemons tries again.
	_ = first.Wait()
	second := w.startAuditd(config)
	w.wait("the other daemon has the place", func() bool { return w.auditd() == second.Process.Pid })
	w.flow()
	if w.receiver.State().Unicast {
		t.Error("the receiver says that it has the place")
	}

	_ = second.Process.Signal(unix.SIGTERM)
	_ = second.Wait()
	w.wait("the place is taken again", func() bool { return w.auditd() == os.Getpid() })
	w.flow()

	w.receiver.Collect(receive.Multicast)
	w.wait("the place is given back", func() bool { return w.auditd() == 0 })
	w.flow()
	w.receiver.Collect(receive.Unicast)
	w.wait("the place is taken once more", func() bool { return w.auditd() == os.Getpid() })
	w.flow()

	stop()
	if pid := w.auditd(); pid != 0 {
		t.Errorf("after the end the audit daemon is %d", pid)
	}
	w.check()
}

// Where another daemon has the place already, nobody touches it.
func TestKernelADaemonThatWasThereFirstKeepsItsPlace(t *testing.T) {
	config := auditdConfig(t)
	w := begin(t)
	daemon := w.startAuditd(config)
	w.wait("the daemon has its place", func() bool { return w.auditd() == daemon.Process.Pid })
	w.receiver.Collect(receive.Unicast)
	stop := w.run()
	for range 3 {
		w.flow()
		time.Sleep(time.Second) // the receiver looks each second
	}
	if pid := w.auditd(); pid != daemon.Process.Pid || w.receiver.State().Unicast {
		t.Errorf("the audit daemon is %d", pid)
	}
	stop()
	w.check()
	_ = daemon.Process.Signal(unix.SIGTERM)
	_ = daemon.Wait()
	w.wait("the place is free", func() bool { return w.auditd() == 0 })
}

// asDaemon makes this test program take the place and wait to be killed.
const asDaemon = "NODEAUDIT_TEST_AS_DAEMON"

func TestKernelAKilledDaemonLosesItsPlace(t *testing.T) {
	if os.Getenv(asDaemon) != "" {
		client, err := kernel.Open()
		if err != nil {
			t.Fatal(err)
		}
		r, err := receive.New(receive.Options{Auditd: func() (uint32, error) { s, err := client.Status(); return s.PID, err }})
		if err != nil {
			t.Fatal(err)
		}
		r.Collect(receive.Unicast)
		r.Run(t.Context())
	}
	w := begin(t)
	w.run()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	other := exec.Command(program, "-test.run", "^"+t.Name()+"$")
	other.Env = append(os.Environ(), asDaemon+"=1")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	w.wait("the other process has the place", func() bool { return w.auditd() == other.Process.Pid })
	_ = other.Process.Kill()
	_ = other.Wait()
	w.wait("the kernel has noticed", func() bool { return w.auditd() == 0 })
	w.receiver.Collect(receive.Unicast)
	w.wait("the place can be taken", func() bool { return w.auditd() == os.Getpid() })
	w.flow()
}
