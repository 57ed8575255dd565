package nodeagent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// processes is a host's root with files of processes: path below /proc, text.
func processes(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, "proc", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestWhoChangedTheAuditSystem(t *testing.T) {
	self := event.NewID(uint32(os.Getpid()))
	root := processes(t, map[string]string{
		"10/comm": "augenrules\n", "10/cgroup": "0::/system.slice/auditd.service\n", "12/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n",
	})
	for _, row := range []struct {
		name string
		in   event.Event
		want v1alpha1.Actor
	}{
		{
			"a program that has ended, of a parent that has not",
			event.Event{Process: event.Process{PID: event.NewID(11), PPID: event.NewID(10), Comm: "auditctl", Exe: "/usr/sbin/auditctl"}},
			v1alpha1.Actor{PID: new(int64(11)), Comm: "auditctl", Exe: "/usr/sbin/auditctl", Parent: "augenrules", Unit: "auditd.service"},
		},
		{
			"somebody who has logged in",
			event.Event{Process: event.Process{PID: event.NewID(12), PPID: event.NewID(13)}, User: event.User{AUID: event.NewID(1000), Ses: event.NewID(3)}},
			v1alpha1.Actor{PID: new(int64(12)), AUID: new(int64(1000)), Ses: new(int64(3)), Unit: "session-3.scope"},
		},
		{
			"a program of which only the event says where it was",
			event.Event{Process: event.Process{PID: event.NewID(17), PPID: event.NewID(18), Comm: "auditctl"}, Who: event.Who{Unit: "rival.service"}},
			v1alpha1.Actor{PID: new(int64(17)), Comm: "auditctl", Unit: "rival.service"},
		},
		{
			"a pod",
			event.Event{Process: event.Process{PID: event.NewID(14), Comm: "auditbeat"}, Who: event.Who{Namespace: "logging", Pod: "auditbeat-x"}},
			v1alpha1.Actor{PID: new(int64(14)), Comm: "auditbeat", Namespace: "logging", Pod: "auditbeat-x"},
		},
		{"the agent itself", event.Event{Process: event.Process{PID: self, Comm: "nodeagent"}}, v1alpha1.Actor{}},
		{"its child in the host's root", event.Event{Process: event.Process{PID: event.NewID(15), PPID: self}}, v1alpha1.Actor{}},
		{"what the kernel refused", event.Event{Result: event.ResultFailure, Process: event.Process{PID: event.NewID(12)}}, v1alpha1.Actor{}},
		{"a record that names nobody", event.Event{}, v1alpha1.Actor{}},
		{
			"names that are longer than the schema takes",
			event.Event{Process: event.Process{PID: event.NewID(16), Exe: "/" + strings.Repeat("x", 500), Comm: "a\xffb"}},
			v1alpha1.Actor{PID: new(int64(16)), Exe: "/" + strings.Repeat("x", maxExe-1), Comm: "a?b"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.in.Fields = event.Fields{{Name: "op", Value: "remove_rule"}}
			got := change(root, &row.in)
			if diff := cmp.Diff(row.want, got.By); diff != "" || got.Op != "remove_rule" {
				t.Errorf("%s by (-want +got):\n%s", got.Op, diff)
			}
		})
	}
}

func TestTheUnitOfAProcess(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"a service":                    {"0::/system.slice/auditd.service\n", "auditd.service"},
		"a login":                      {"0::/user.slice/user-0.slice/session-2.scope\n", "session-2.scope"},
		"a group below a service":      {"0::/system.slice/ssh.service/sub\n", "ssh.service"},
		"a user's own service":         {"0::/user.slice/user-1.slice/user@1.service/app.slice/x.service\n", "x.service"},
		"a container":                  {"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-0.scope\n", "cri-containerd-0.scope"},
		"version 1":                    {"4:memory:/x.service\n1:name=systemd:/system.slice/cron.service\n", "cron.service"},
		"a slice is no unit of a kind": {"0::/system.slice\n", ""},
		"nothing":                      {"", ""},
	} {
		if got := unit(row.in); got != row.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzUnit(f *testing.F) {
	f.Add("0::/system.slice/auditd.service\n")
	f.Add("1:name=systemd:/a.scope/b\n::\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := unit(text); !strings.Contains(text, got) || strings.Contains(got, "/") {
			t.Errorf("%q of %q", got, text)
		}
	})
}
