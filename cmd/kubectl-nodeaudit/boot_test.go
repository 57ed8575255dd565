package main

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	withAudit    = "BOOT_IMAGE=/k root=/dev/sda1 audit=1 audit_backlog_limit=8192\n"
	menu         = "menuentry 'A' { linux /k root=/dev/sda1 audit=1 audit_backlog_limit=8192 }\n"
	withoutAudit = "menuentry 'B' { linux /k root=/dev/sda1 }\n"
)

func TestBootSaysItForAPersonAtNight(t *testing.T) {
	for name, test := range map[string]struct {
		files          map[string]string
		want, complain string
	}{
		"on in both": {
			map[string]string{"proc/cmdline": withAudit, "boot/grub/grub.cfg": menu},
			"boot loader: grub\nrunning:     on, backlog limit 8192\nnext boot:   on, backlog limit 8192\n\nentries:\n  on       A (default)\n", "",
		},
		"only some entries": {
			map[string]string{"proc/cmdline": withAudit, "boot/grub/grub.cfg": menu + withoutAudit},
			`boot loader: grub
running:     on, backlog limit 8192
next boot:   mixed

entries:
  on       A (default)
  off      B

findings:
  error: only some entries of the boot loader have audit=1; the default is "A", which is on [next-mixed]
    what to do: add audit=1 audit_backlog_limit=8192 to GRUB_CMDLINE_LINUX in /etc/default/grub and generate grub.cfg (` + "`update-grub`, or `grub2-mkconfig -o`" + ` with its path)
  warning: this entry has no audit=1 [entry-off]
    where:      /boot/grub/grub.cfg, entry "B"
    what to do: add audit=1 audit_backlog_limit=8192 to GRUB_CMDLINE_LINUX in /etc/default/grub and generate grub.cfg (` + "`update-grub`, or `grub2-mkconfig -o`" + ` with its path)
`,
			"auditing from the start is on in the running boot and mixed in the next",
		},
		"nothing to be seen": {
			map[string]string{"etc/hostname": "x"},
			`boot loader: none
running:     unknown
next boot:   unknown

findings:
  error: reading /proc/cmdline: no such file or directory [running-unknown]
    where:      /proc/cmdline
    what to do: run nodeaudit where the node's /proc is to be seen
  error: nobody can say from here whether the next boot has audit=1: no file of a boot loader is to be seen [next-unknown]
    what to do: see the other findings; a machine that gets its kernel from outside is configured where that is done
`,
			"auditing from the start is unknown in the running boot and unknown in the next",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, test.files, "", "boot", "--root", ".")
			if diff := cmp.Diff(test.want, got.out); diff != "" {
				t.Error("(-want +got)", diff)
			}
			if got.err != test.complain {
				t.Errorf("the error is %q, want %q", got.err, test.complain)
			}
		})
	}
}

func TestBootMarksEntries(t *testing.T) {
	got := run(t, map[string]string{
		"proc/cmdline":      withAudit,
		"boot/grub/grubenv": "# GRUB Environment Block\nnext_entry=rescue\n",
		"boot/grub/grub.cfg": "load_env\nset default=$next_entry\n" + menu +
			"menuentry rescue { linux /k audit=1 audit_backlog_limit=8192 }\nmenuentry recovery { linux /k }\nmenuentry setup { fwsetup }",
	}, "", "boot", "--root", ".")
	for _, want := range []string{
		"\n  on       A\n", "\n  on       rescue (default, for one boot; rescue)\n", "\n  off      recovery (rescue, does not count)\n",
		"\n  -        setup (not a Linux kernel of this node)\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
}

func TestBootInJSONHasTheDocumentedFields(t *testing.T) {
	got := run(t, map[string]string{"proc/cmdline": withAudit, "boot/grub/grub.cfg": menu + withoutAudit}, "", "boot", "--root", ".", "-o", "json")
	var report map[string]any
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"loader":  "grub",
		"running": map[string]any{"audit": "on", "backlogLimit": 8192.0, "cmdline": strings.TrimSpace(withAudit)},
		"next":    map[string]any{"audit": "mixed"},
		"entries": []any{
			map[string]any{
				"title": "A", "file": "/boot/grub/grub.cfg", "kernel": "/k", "cmdline": "root=/dev/sda1 audit=1 audit_backlog_limit=8192", "audit": "on",
				"backlogLimit": 8192.0, "default": true,
			},
			map[string]any{"title": "B", "file": "/boot/grub/grub.cfg", "kernel": "/k", "cmdline": "root=/dev/sda1", "audit": "off"},
		},
	}
	findings, _ := report["findings"].([]any)
	if len(findings) != 2 {
		t.Errorf("findings %v", findings)
	}
	for _, f := range findings {
		first := f.(map[string]any)
		for _, field := range []string{"id", "severity", "message", "fix"} {
			if first[field] == "" {
				t.Errorf("no %s in %v", field, first)
			}
		}
	}
	maps.DeleteFunc(report, func(key string, _ any) bool { return key == "findings" })
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error("(-want +got)", diff)
	}
}

func TestBootWithoutFindingsHasEmptyLists(t *testing.T) {
	got := run(t, map[string]string{"proc/cmdline": withAudit}, "", "boot", "--root", ".", "-o", "json")
	if !strings.Contains(got.out, `"entries": []`) {
		t.Errorf("entries is not an empty list in %s", got.out)
	}
}

func TestBootRefusesWrongCalls(t *testing.T) {
	for want, args := range map[string][]string{
		"-o yaml: it is text or json":              {"-o", "yaml"},
		"--root none: it is not a directory":       {"--root", "none"},
		`unknown command "x" for "nodeaudit boot"`: {"x"},
	} {
		if got := run(t, nil, "", append([]string{"boot"}, args...)...); got.err != want {
			t.Errorf("%v gives %q, want %q", args, got.err, want)
		}
	}
}
