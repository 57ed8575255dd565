package converge_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestARuleAboutPrivilegedProgramsIsLoadedForEachOfThem(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"su", "sudo"} {
		path := filepath.Join(w.root, "usr/bin", name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
	}
	state := want(t, policy{name: "p", rules: "-a always,exit -F path=@privileged -F perm=x -F auid>=1000 -k privileged\n"})
	report := w.inSync(state)
	if report.Rules.Wanted != 2 || report.Rules.Loaded != 2 {
		t.Errorf("report %+v", report.Rules)
	}
	w.holds(
		"-a always,exit -S all -F path=/usr/bin/su -F auid>=1000 -F perm=x -F key=privileged",
		"-a always,exit -S all -F path=/usr/bin/sudo -F auid>=1000 -F perm=x -F key=privileged",
	)
}
