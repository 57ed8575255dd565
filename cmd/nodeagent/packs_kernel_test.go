package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// A policy with nothing but a pack is loaded, with a rule for the one program below the host's root that raises rights.
func TestKernelAPackIsLoadedWithTheProgramsOfTheHost(t *testing.T) {
	client := kerneltest.Lock(t)
	host := t.TempDir()
	for _, dir := range []string{"etc/pam.d", "usr/bin", "usr/sbin", "usr/share", "var/log", "run"} {
		if err := os.MkdirAll(filepath.Join(host, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	su := write(t, "su", "")
	if err := os.Rename(su, filepath.Join(host, "usr/bin/su")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(host, "usr/bin/su"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	policy := write(t, "policy.yaml", "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: p}\nspec:\n  packs: [cis]\n  packParameters: {uidMin: 500}\n")
	out, words, err := run(t, "--once", "-o", "json", "--host-root", host, "--policy", policy, "--state-dir", t.TempDir())
	var report v1alpha1.NodeAuditReport
	if err != nil || json.Unmarshal([]byte(out), &report) != nil || report.State != v1alpha1.NodeInSync || report.Rules.Loaded == 0 {
		t.Fatalf("%v\n%s%s", err, out, words)
	}
	rules, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rules, func(w rule.Wire) bool {
		r, err := rule.Decode(w)
		return err == nil && slices.Contains(r.Keys(), "privileged") && strings.Contains(r.String(), "/usr/bin/su ") && strings.Contains(r.String(), "auid>=500")
	}) {
		t.Error("the rule for su is not in the kernel")
	}
}
