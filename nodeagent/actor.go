package nodeagent

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// The schema's bounds.
const (
	maxExe  = 256
	maxComm = 64
	maxUnit = 256
)

// change reads who changed the audit system from the record of it. What the agent has changed itself names nobody; neither does a record without
// its system call, which the kernel writes where it had no rule at that moment, unless somebody was logged in.
func change(root string, e *event.Event) converge.Change {
	op, _ := e.Fields.Get("op")
	c := converge.Change{Op: op, Time: time.Now()}
	if self := uint32(os.Getpid()); e.PID.Is(self) || e.PPID.Is(self) || e.Result == event.ResultFailure {
		return c
	}
	c.By = v1alpha1.Actor{
		PID: number(e.PID), AUID: number(e.AUID), Ses: number(e.Ses), Exe: bounded(e.Exe, maxExe), Comm: bounded(e.Comm, maxComm),
		Namespace: e.Who.Namespace, Pod: e.Who.Pod, Unit: bounded(e.Who.Unit, maxUnit), // which eBPF knows of auditctl too, which has ended by now
	}
	if parent, known := e.PPID.Get(); known && parent > 1 {
		c.By.Parent = bounded(procFile(root, parent, "comm"), maxComm)
	}
	for _, id := range []event.ID{e.PID, e.PPID} {
		if pid, known := id.Get(); known && c.By.Unit == "" {
			c.By.Unit = bounded(unit(procFile(root, pid, "cgroup")), maxUnit)
		}
	}
	return c
}

func number(id event.ID) *int64 {
	n, known := id.Get()
	if !known {
		return nil
	}
	return new(int64(n))
}

func bounded(text string, most int) string {
	text = strings.ToValidUTF8(text, "?")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}

// procFile is a small file about a process, empty where it is gone.
func procFile(root string, pid uint32, name string) string {
	text, err := os.ReadFile(filepath.Join(root, "proc", strconv.FormatUint(uint64(pid), 10), name))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// unit is the innermost service or scope of systemd in the text of /proc/PID/cgroup. A login is session-3.scope.
func unit(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), "::") // version 2
		if path == "" {
			_, path, _ = strings.Cut(strings.TrimSpace(line), ":name=systemd:")
		}
		parts := strings.Split(path, "/")
		for _, part := range slices.Backward(parts) {
			if strings.HasSuffix(part, ".service") || strings.HasSuffix(part, ".scope") {
				return part
			}
		}
	}
	return ""
}
