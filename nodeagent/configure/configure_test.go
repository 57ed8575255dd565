package configure

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

var asked = Want{Asked: true}

func (n *tree) ensure(l *Loader, want Want, state State, says string) {
	n.t.Helper()
	got := l.Ensure(n.t.Context(), want)
	if got.State != state || !strings.Contains(got.Message, says) {
		n.t.Errorf("%s: %s, want %s with %q", got.State, got.Message, state, says)
	}
}

func (n *tree) loader() *Loader { return New(n.root, n, n.t.TempDir()) }

func (n *tree) next() boot.Next { return boot.Look(boot.Below(n.root)).Next }

// Every way: done, done again without effect, undone without a trace.
func TestWhatIsConfiguredCanBeUndone(t *testing.T) {
	for name, test := range map[string]struct {
		file  string
		state State
		says  string
		runs  int // until it is done
	}{
		"a drop-in of GRUB":                           {"debian.txtar", Configured, "/etc/default/grub.d/99-nodeaudit.cfg", 1},
		"grubby, with an entry that somebody had set": {"bls.txtar", Configured, "/usr/sbin/grubby", 1},
		"the line of kernel-install":                  {"systemd-boot.txtar", Configured, "/etc/kernel/cmdline", 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := plant(t, test.file)
			before, l := n.snapshot(), n.loader()
			n.ensure(l, asked, test.state, test.says)
			if next := n.next(); next.Audit != boot.On || next.BacklogLimit == nil || *next.BacklogLimit != DefaultLimit {
				t.Errorf("the next boot: %+v", next)
			}
			done := n.snapshot()
			n.ensure(l, asked, test.state, test.says)
			if diff := cmp.Diff(done, n.snapshot()); diff != "" || len(n.ran) != test.runs {
				t.Errorf("the second time %d programs ran, and changed (-before +after):\n%s", len(n.ran), diff)
			}
			n.ensure(l, Want{Asked: true, Limit: 16384}, test.state, "audit_backlog_limit=16384")
			if next := n.next(); next.BacklogLimit == nil || *next.BacklogLimit != 16384 {
				t.Errorf("with another limit: %+v", next)
			}
			n.ensure(New(n.root, n, filepath.Dir(l.store.path)), Want{}, Nothing, "")
			if diff := cmp.Diff(before, n.snapshot()); diff != "" {
				t.Errorf("undone (-before +after):\n%s", diff)
			}
			if l.Left() {
				t.Error("something is said to be left")
			}
		})
	}
}

func TestRPMOSTreeIsWaitedFor(t *testing.T) {
	n := plant(t, "ostree.txtar")
	l := n.loader()
	n.ensure(l, asked, Pending, "while the node shuts down")
	n.ensure(l, asked, Pending, "while the node shuts down")
	n.ensure(l, Want{}, Nothing, "")
	text, err := os.ReadFile(filepath.Join(n.root, "run/ostree/staged-deployment"))
	want := "kargs --append-if-missing=audit=1 --append-if-missing=audit_backlog_limit=8192\nkargs --delete-if-present=audit=1 --delete-if-present=audit_backlog_limit=8192\n"
	if diff := cmp.Diff(want, string(text)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestWhatIsNotUnderstoodIsNotTouched(t *testing.T) {
	for name, test := range map[string]struct {
		file   string
		change func(n *tree)
		state  State
		says   string
	}{
		"audit=0 of somebody in the configuration": {"debian.txtar", func(n *tree) {
			n.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"audit=0\"\n", 0o644)
		}, Refused, "/etc/default/grub has audit=0"},
		"audit=0 of somebody in an entry": {"bls.txtar", func(n *tree) {
			n.put("/boot/loader/entries/m-5.14.0-1.conf", "title x\nlinux /vmlinuz-5.14.0-1\noptions ro audit=0\n", 0o644)
		}, Refused, "has audit=0, which somebody has set"},
		"a grub-mkconfig that reads no drop-ins": {"debian.txtar", func(n *tree) {
			n.put("/usr/sbin/grub-mkconfig", "exit 1\n", 0o755)
		}, Refused, "cannot configure grub: /usr/sbin/grub-mkconfig does not read /etc/default/grub.d"},
		"entries without grubby": {"bls.txtar", func(n *tree) {
			if err := os.Remove(filepath.Join(n.root, "usr/sbin/grubby")); err != nil {
				n.t.Error(err)
			}
		}, Refused, "no grubby"},
		"a kernel that kernel-install has not installed": {"systemd-boot.txtar", func(n *tree) {
			n.put("/boot/loader/entries/mine.conf", "title mine\nlinux /mine\noptions root=/dev/vda2\n", 0o644)
		}, Refused, "cannot configure systemd-boot"},
		"a system that comes as an image": {"debian.txtar", func(n *tree) {
			n.put("/etc/os-release", "ID=flatcar\n", 0o644)
		}, Refused, "/oem/grub.cfg"},
		"a drop-in of somebody else": {"debian.txtar", func(n *tree) {
			n.put(dropIn, "GRUB_TIMEOUT=9\n", 0o644)
		}, Failed, "somebody has changed it"},
		"an agent that may not": {"debian.txtar", func(n *tree) { n.forbidden = true }, Refused, "agent.remediation.enabled=true"},
		"a node that has it": {"debian.txtar", func(n *tree) {
			n.put("/boot/grub/grub.cfg", "menuentry 'x' {\n\tlinux /v audit=1 audit_backlog_limit=64\n}\n", 0o644)
		}, NotNeeded, "audit_backlog_limit=64 was set by somebody else"},
		"a generator that fails": {"debian.txtar", func(n *tree) { n.put("/broken", "", 0o644) }, Failed, "no space left on device"},
	} {
		t.Run(name, func(t *testing.T) {
			n := plant(t, test.file)
			test.change(n)
			before := n.snapshot()
			n.ensure(n.loader(), asked, test.state, test.says)
			if diff := cmp.Diff(before, n.snapshot()); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func TestWhatSomebodyTakesOutComesBack(t *testing.T) {
	n := plant(t, "debian.txtar")
	l := n.loader()
	n.ensure(l, asked, Configured, "")
	if err := n.Remove(dropIn); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Run(t.Context(), "/usr/sbin/update-grub"); err != nil {
		t.Fatal(err)
	}
	n.ensure(l, asked, Configured, "")
	if n.next().Audit != boot.On {
		t.Error("the next boot lacks it")
	}
}

// An agent that was killed between the drop-in and grub.cfg finds its record, and ends what it has begun, or undoes it.
func TestAnAgentThatIsKilledBetweenTwoSteps(t *testing.T) {
	for _, want := range []Want{asked, {}} {
		n := plant(t, "debian.txtar")
		before, l := n.snapshot(), n.loader()
		r := newRecord(boot.PlanFor(l.files, DefaultLimit))
		r.MadeDir = true
		if err := l.store.save(r); err != nil {
			t.Fatal(err)
		}
		n.put(dropIn, string(dropInText(r.Parameters)), 0o644)
		if want.Asked {
			n.ensure(l, want, Configured, "")
		}
		n.ensure(l, Want{}, Nothing, "")
		if diff := cmp.Diff(before, n.snapshot()); diff != "" {
			t.Errorf("undone (-before +after):\n%s", diff)
		}
	}
}

func TestADropInThatSomebodyHasEditedStays(t *testing.T) {
	n := plant(t, "debian.txtar")
	l := n.loader()
	n.ensure(l, asked, Configured, "")
	n.put(dropIn, string(dropInText([]string{"audit=1"}))+"GRUB_TIMEOUT=9\n", 0o644)
	n.ensure(l, Want{}, Failed, "remove from it what is not yours")
	if _, _, err := n.Read(dropIn); errors.Is(err, fs.ErrNotExist) || !l.Left() {
		t.Error("it was removed")
	}
}

func TestADamagedRecordIsToldAndChangesNothing(t *testing.T) {
	n := plant(t, "debian.txtar")
	before, l := n.snapshot(), n.loader()
	if err := os.WriteFile(l.store.path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.ensure(l, asked, Failed, "does not say what was done")
	n.ensure(l, Want{}, Failed, "does not say what was done")
	if diff := cmp.Diff(before, n.snapshot()); diff != "" || len(n.ran) > 0 {
		t.Errorf("%v ran; files (-before +after):\n%s", n.ran, diff)
	}
}
