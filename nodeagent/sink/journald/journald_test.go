package journald_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/journald"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a journal of a namespace of its own, which shares nothing with this machine's, and returns its socket and a way to read it.
func start(t *testing.T) (socket string, read func() []map[string]any) {
	t.Helper()
	const daemon = "/lib/systemd/systemd-journald"
	if _, err := os.Stat(daemon); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and systemd-journald: apt-get install systemd")
	}
	namespace := fmt.Sprintf("nodeaudit-%d", os.Getpid())
	command := exec.CommandContext(t.Context(), daemon, namespace)
	var words bytes.Buffer
	command.Stdout, command.Stderr = &words, &words
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		left, _ := filepath.Glob("/run/*/journal*/*." + namespace)
		for _, path := range append(left, "/run/systemd/journal."+namespace) {
			_ = os.RemoveAll(path)
		}
	})
	socket = "/run/systemd/journal." + namespace + "/socket"
	exporttest.Eventually(t, func() string { return "the journal does not start: " + words.String() }, func() bool {
		select {
		case <-ended:
			t.Skipf("needs a systemd-journald that runs beside another: %s", words.String())
		default:
		}
		_, err := os.Stat(socket)
		return err == nil
	})
	return socket, func() []map[string]any { return journalctl(t, namespace) }
}

func journalctl(t *testing.T, namespace string) []map[string]any {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "journalctl", "--namespace="+namespace, "-t", "nodeaudit", "-o", "json", "--all", "--quiet").Output()
	if err != nil {
		return nil // there is none yet
	}
	var entries []map[string]any
	for line := range bytes.Lines(out) {
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	return entries
}

func TestTheRealJournalGetsEventsWithTheirFields(t *testing.T) {
	socket, read := start(t)
	s := exporttest.New(t, func(context.Context) (export.Destination, error) {
		return journald.New(journald.Options{Socket: socket, Identifier: "nodeaudit"}), nil
	})
	events := sinktest.Events(300)
	events[7].Args = []string{strings.Repeat("0123456789abcdef", 30000)} // too large for a packet
	exporttest.Write(t, s, events)
	exporttest.Eventually(t, func() string { return fmt.Sprintf("%d entries; %s", len(read()), s.Delivery().LastError) }, func() bool { return len(read()) >= len(events) })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	var lines strings.Builder
	entries := read()
	for _, entry := range entries {
		lines.WriteString(entry["MESSAGE"].(string) + "\n")
	}
	sinktest.Compare(t, []byte(lines.String()), sinktest.Lines(t, events))
	for name, want := range map[string]string{"PRIORITY": "6", "SYSLOG_FACILITY": "13", "AUDIT_SERIAL": "0", "AUDIT_POD": "cart-0", "AUDIT_KEYS": "exec"} {
		if entries[0][name] != want {
			t.Errorf("%s is %v, want %q", name, entries[0][name], want)
		}
	}
}

func TestAJournalThatIsNotThereLosesNothing(t *testing.T) {
	s := exporttest.New(t, func(context.Context) (export.Destination, error) {
		return journald.New(journald.Options{Socket: filepath.Join(t.TempDir(), "socket"), Identifier: "nodeaudit"}), nil
	})
	exporttest.Write(t, s, []*event.Event{sinktest.Events(1)[0]})
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { return strings.Contains(s.Delivery().LastError, "connecting to the journal") })
	if d := s.Delivery(); d.Queued != 1 || d.Dropped != 0 {
		t.Errorf("delivery %+v", d)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
