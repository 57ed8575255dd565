package stage

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// node is a host whose root directory is a folder.
type node struct {
	t         *testing.T
	root      string
	forbidden bool
	writes    int
}

const (
	withAuditd  = "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n#ExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n"
	withoutDirs = "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n"
)

// plant makes a host with these files, and a systemd.
func plant(t *testing.T, files map[string]string) *node {
	t.Helper()
	n := &node{t: t, root: t.TempDir()}
	n.put("/usr/lib/systemd/systemd", "")
	n.put("/loader", "a program")
	for path, text := range files {
		n.put(path, text)
	}
	return n
}

// auditd are the files of a host whose auditd loads rules.d.
func auditd(more map[string]string) map[string]string {
	files := map[string]string{
		"/lib/systemd/system/auditd.service": withAuditd, "/etc/systemd/system/multi-user.target.wants/auditd.service": withAuditd,
		"/etc/audit/rules.d/audit.rules": "-D\n-b 8192\n-f 1\n",
	}
	maps.Copy(files, more)
	return files
}

func (n *node) put(path, text string) {
	n.t.Helper()
	full := filepath.Join(n.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) Allowed() bool { return !n.forbidden }

func (n *node) Write(path string, content []byte, mode fs.FileMode) error {
	n.writes++
	full := filepath.Join(n.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, content, mode)
}

func (n *node) Link(target, path string) error {
	full := filepath.Join(n.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	_ = os.Remove(full)
	return os.Symlink(target, full)
}

func (n *node) Remove(path string) error {
	if err := os.Remove(filepath.Join(n.root, path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// stager has its state directory where the host has it.
func (n *node) stager(bootID string) *Stager {
	n.t.Helper()
	// The host knows the state directory by the same name, as /var/lib/nodeaudit is mounted into the agent.
	state := filepath.Join(n.t.TempDir(), "state")
	if err := os.MkdirAll(filepath.Join(n.root, filepath.Dir(state)), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.MkdirAll(state, 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.Symlink(state, filepath.Join(n.root, state)); err != nil {
		n.t.Fatal(err)
	}
	return New(Options{Root: n.root, Host: n, Rules: host.New(n.root), StateDir: state, Loader: filepath.Join(n.root, "loader"), BootID: bootID})
}

// set makes a set of rules.
func (n *node) set(lock bool, lines ...string) *Set {
	n.t.Helper()
	set := &Set{Lock: lock}
	file, problems := rule.Parse(strings.Join(lines, "\n"))
	if len(problems) > 0 {
		n.t.Fatal(problems)
	}
	for _, r := range file.Rules {
		w, err := r.Encode(host.New(n.root))
		if err != nil {
			n.t.Fatal(err)
		}
		set.Rules = append(set.Rules, Rule{Wire: w.Canonical(), Written: []rule.Wire{w.Canonical()}})
	}
	return set
}

func (n *node) text(path string) string {
	text, err := os.ReadFile(filepath.Join(n.root, path))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(string(text), head)
}

const (
	watch  = "-w /etc/passwd -p wa -k identity"
	call   = "-a always,exit -F arch=b64 -S sethostname -F key=names"
	minusC = "## -c: a rule that the kernel does not take, for example because its path is not there, keeps no other from being loaded.\n-c\n"
)

func TestWhatIsStagedWithTheHostsAuditd(t *testing.T) {
	limit := uint32(4096)
	for name, test := range map[string]struct {
		files   map[string]string
		lock    bool
		alone   bool
		want    string
		message string
	}{
		"rules, settings and the lock":    {nil, true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n", ""},
		"no lock where none is asked for": {nil, false, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n", ""},
		"a rule that the host has itself would end the loading there": {
			map[string]string{"10-host.rules": "-w /etc/passwd -k identity -p wa\n"}, true, false, minusC + "-b 4096\n" + call + "\n-e 2\n", "",
		},
		"one lock is enough": {
			map[string]string{"99-finalize.rules": "-e 2\n"}, true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n", "",
		},
		"a lock in an early file goes to the end": {
			map[string]string{"10-x.rules": "-e 2\n"}, true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n", "",
		},
		"a lock that augenrules leaves where it is": {
			map[string]string{"10-x.rules": "-w /x -p w\n-r 100 -e 2\n"},
			true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n",
			"/etc/audit/rules.d/10-x.rules:2: this -e 2 is not at the beginning",
		},
		"a lock that augenrules takes to the beginning": {
			map[string]string{"99-x.rules": "-b 100 -e 2\n"},
			true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n",
			"/etc/audit/rules.d/99-x.rules:1: this -e 2",
		},
		"a lock with a space before it, which Debian's awk does not see": {
			map[string]string{"10-x.rules": "\t-e 2\n"},
			true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n",
			"10-x.rules:1: this -e 2",
		},
		"somebody opens it again": {
			map[string]string{"zzz.rules": "-e 1\n"},
			true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n",
			"zzz.rules:1: this -e comes after ours",
		},
		"somebody opens it before": {
			map[string]string{"10-x.rules": "-e 1\n"}, true, false, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n", "",
		},
		"rules of others that should not be there": {
			map[string]string{"10-x.rules": "-w /x -p w\n"},
			true, true, minusC + "-b 4096\n" + watch + "\n" + call + "\n-e 2\n",
			"1 rules of the host's own files",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for file, text := range test.files {
				files["/etc/audit/rules.d/"+file] = text
			}
			n := plant(t, auditd(files))
			s := n.stager("a")
			set := n.set(test.lock, watch, call)
			set.BacklogLimit, set.Alone = &limit, test.alone
			got := s.Ensure(set, nil)
			if !got.Staged || got.In != rulesFile || !strings.Contains(got.Message, test.message) || (got.Message == "") != (test.message == "") {
				t.Errorf("%+v, want a message with %q", got, test.message)
			}
			if diff := cmp.Diff(test.want, n.text(rulesFile)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again := s.Ensure(set, nil)
			if again != got || n.writes != 1 {
				t.Errorf("the second time %+v after %d writes", again, n.writes)
			}
			if back := s.Ensure(nil, nil); back != (Answer{}) || n.text(rulesFile) != "" || s.Left() {
				t.Errorf("taken back: %+v, left %v", back, s.Left())
			}
			for file, text := range files {
				if n.text(file) != text {
					t.Errorf("%s was changed", file)
				}
			}
		})
	}
}

func TestWhatIsStagedWithoutAuditd(t *testing.T) {
	for name, test := range map[string]struct {
		files   map[string]string
		message string
	}{
		"no auditd at all":        {nil, ""},
		"one that is not enabled": {map[string]string{"/lib/systemd/system/auditd.service": withAuditd, "/etc/audit/rules.d/a.rules": watch + "\n"}, ""},
		"one that loads another file": {map[string]string{
			"/lib/systemd/system/auditd.service": withoutDirs, "/etc/systemd/system/multi-user.target.wants/auditd.service": withoutDirs,
			"/etc/audit/rules.d/a.rules": "", "/etc/audit/audit.rules": "-D\n-e 2\n",
		}, "/etc/audit/audit.rules:2 locks the audit system before our rules are in"},
	} {
		t.Run(name, func(t *testing.T) {
			n := plant(t, test.files)
			s := n.stager("a")
			set := n.set(true, watch, call)
			got := s.Ensure(set, nil)
			if !got.Staged || got.In != filepath.Join(s.StateDir, "staged.rules") || !strings.Contains(got.Message, test.message) {
				t.Errorf("%+v", got)
			}
			staged, err := os.ReadFile(got.In)
			if diff := cmp.Diff(head+watch+"\n"+call+"\n-e 2\n", string(staged)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			unit := n.text(unitFile)
			for _, line := range []string{"DefaultDependencies=no\n", "Before=sysinit.target ", "ExecStart=" + s.StateDir + "/earlyrules " + got.In + "\n"} {
				if !strings.Contains(unit, line) {
					t.Errorf("the unit has no %q:\n%s", line, unit)
				}
			}
			if target, err := os.Readlink(filepath.Join(n.root, unitLink)); err != nil || target != "../"+unitName {
				t.Errorf("the link: %s, %v", target, err)
			}
			writes := n.writes
			if again := s.Ensure(set, nil); again != got || n.writes != writes {
				t.Errorf("the second time %+v after %d writes", again, n.writes)
			}
			if back := s.Ensure(nil, nil); back != (Answer{}) {
				t.Errorf("taken back: %+v", back)
			}
			left, err := os.ReadDir(s.StateDir)
			if len(left) > 0 || err != nil || n.text(unitFile) != "" || s.has(unitLink) {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

func TestAHostThatGetsAnAuditdIsStagedThere(t *testing.T) {
	n := plant(t, nil)
	s := n.stager("a")
	set := n.set(true, watch)
	s.Ensure(set, nil)
	for path, text := range auditd(nil) {
		n.put(path, text)
	}
	if got := s.Ensure(set, nil); got.In != rulesFile || n.text(unitFile) != "" || s.has(unitLink) {
		t.Errorf("%+v, the unit is there: %v", got, s.has(unitFile))
	}
}

func TestTheNextBootKnowsWhatWasStagedForIt(t *testing.T) {
	n := plant(t, auditd(nil))
	s := n.stager("a")
	limit := uint32(4096)
	set := n.set(true, watch)
	set.BacklogLimit = &limit
	s.Ensure(set, map[string]uint32{"backlog_limit": 64})
	got, err := Load(s.StateDir)
	want := &Taken{BootID: "a", Rules: []rule.Wire{set.Rules[0].Wire}, Lock: true, Settings: map[string]uint32{"backlog_limit": 4096}, Found: map[string]uint32{"backlog_limit": 64}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	n.put("/etc/audit/rules.d/99-finalize.rules", "-e 2\n")
	s.Ensure(set, nil)
	if got, err := Load(s.StateDir); err != nil || got.Lock {
		t.Errorf("the host's own lock is taken for ours: %+v, %v", got, err)
	}
}

func TestWhatStaysAsItIs(t *testing.T) {
	for name, test := range map[string]struct {
		change func(n *node)
		says   string
	}{
		"an agent that may not":          {func(n *node) { n.forbidden = true }, "agent.remediation.enabled=true"},
		"a file of that name of another": {func(n *node) { n.put(rulesFile, "-w /x -p w\n") }, "somebody else has written it"},
	} {
		n := plant(t, auditd(nil))
		test.change(n)
		before := n.text(rulesFile)
		s := n.stager("a")
		if got := s.Ensure(n.set(true, watch), nil); got.Staged || !strings.Contains(got.Message, test.says) || n.text(rulesFile) != before {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// As GNU ls -1v prints them.
func TestFilesAreInTheOrderOfLs(t *testing.T) {
	names := []string{"99-finalize.rules", "9-x.rules", "10-base.rules", "audit.rules", "zz-nodeaudit.rules", "010-x.rules"}
	slices.SortFunc(names, byVersion)
	want := []string{"9-x.rules", "10-base.rules", "010-x.rules", "99-finalize.rules", "audit.rules", "zz-nodeaudit.rules"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzForeignFiles(f *testing.F) {
	f.Add("-D\n-b 8192 -e 2\n \t-e2\n", true)
	f.Fuzz(func(_ *testing.T, text string, before bool) {
		files := foreignFiles{has: map[rule.Wire]bool{}}
		files.read("x", text, before)
	})
}
