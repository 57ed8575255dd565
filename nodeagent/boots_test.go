package nodeagent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// place writes files below a new root.
func place(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTheReportSaysHowTheNodeBoots(t *testing.T) {
	root := place(t, map[string]string{
		"proc/cmdline":       "BOOT_IMAGE=/vmlinuz root=/dev/vda1 audit=1 audit_backlog_limit=8192\n",
		"boot/grub/grub.cfg": "menuentry 'Debian' {\n\tlinux /vmlinuz root=/dev/vda1\n}\n",
	})
	b := boots{root: root}
	got := b.report(-1)
	if got.Running.Audit != v1alpha1.BootAuditOn || *got.Running.BacklogLimit != 8192 || got.Next.Audit != v1alpha1.BootAuditOff || got.Next.BacklogLimit != nil {
		t.Errorf("%+v", got)
	}
	if len(got.Findings) == 0 || got.Findings[0].Reason != "NextOff" || !strings.Contains(got.Findings[0].Message, "audit=1") {
		t.Errorf("findings %+v", got.Findings)
	}
	if err := os.Remove(filepath.Join(root, "boot/grub/grub.cfg")); err != nil {
		t.Fatal(err)
	}
	if again := b.report(-1); again.Next != got.Next {
		t.Error("the files are read again at once")
	}
	if b.again(); b.report(-1).Next.Audit != v1alpha1.BootAuditUnknown {
		t.Error("the files are not read again when something has changed")
	}
}

func TestEveryReportOnABootFitsTheSchema(t *testing.T) {
	findings := make([]boot.Finding, maxBootFindings+1)
	for i := range findings {
		findings[i] = boot.Finding{ID: boot.NextOff, Message: strings.Repeat("ü", maxBootMessage), File: "/boot/\xff"}
	}
	got := bootReport(boot.Report{Running: boot.Running{Audit: boot.Unknown}, Next: boot.Next{Audit: boot.Mixed}, Findings: findings})
	if len(got.Findings) != maxBootFindings || len(got.Findings[0].Message) > maxBootMessage || strings.Contains(got.Findings[0].Message, "\xff") {
		t.Errorf("%d findings, the first of %d bytes", len(got.Findings), len(got.Findings[0].Message))
	}
}
