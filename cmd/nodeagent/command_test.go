package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// run runs the program with these arguments.
func run(t *testing.T, args ...string) (out, words string, err error) {
	t.Helper()
	var o, w bytes.Buffer
	c := command(&o, &w)
	c.SetArgs(args)
	c.SetOut(&o)
	c.SetErr(&w)
	err = c.ExecuteContext(t.Context())
	return o.String(), w.String(), err
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// policyFile is a policy with these rules and, where it is not empty, one route to this sink.
func policyFile(t *testing.T, rules, sink string) string {
	t.Helper()
	text := "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: test}\nspec:\n  nodeSelector: {matchLabels: {nobody: has}}\n  rules: |\n"
	for line := range strings.Lines(rules) {
		text += "    " + line
	}
	if sink != "" {
		text += "\n  routes: [{name: all, sinks: [" + sink + "]}]\n"
	}
	return write(t, "policy.yaml", text)
}

func TestFlagsThatMeanNothingTogetherAreRefused(t *testing.T) {
	t.Setenv("KUBECONFIG", "")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"--once without a policy":       {[]string{"--once"}, "--once needs --policy"},
		"--sinks without a policy":      {[]string{"--sinks", "x"}, "--sinks needs --policy"},
		"--release with a policy":       {[]string{"--release", "--policy", "x"}, "--release comes without"},
		"an unknown form":               {[]string{"-o", "xml"}, "-o xml: it is text or json"},
		"an interval of nothing":        {[]string{"--interval", "0s"}, "--interval 0s: it is at least 1s"},
		"a heartbeat that is too slow":  {[]string{"--heartbeat", "5m"}, "--heartbeat 5m0s"},
		"an unknown level":              {[]string{"--log-level", "loud", "--policy", "x"}, `--log-level: "loud"`},
		"an argument":                   {[]string{"policy.yaml"}, "unknown command"},
		"neither a cluster nor a file":  {nil, "--policy to work without Kubernetes"},
		"a policy file that is missing": {[]string{"--policy", "/nonexistent.yaml"}, "/nonexistent.yaml"},
	} {
		if _, _, err := run(t, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
	}
}

func TestAPolicyThatDoesNotCompileChangesNothing(t *testing.T) {
	_, _, err := run(t, "--once", "--policy", policyFile(t, "-w /etc/passwd -p wa -k x\n-a always,exit -F uidd=0\n", ""), "--state-dir", filepath.Join(t.TempDir(), "unused"))
	if err == nil || !strings.Contains(err.Error(), "nothing is changed: policy test: rules: line 2") || !strings.Contains(err.Error(), "uidd") {
		t.Errorf("error %v", err)
	}
}

func TestARouteToASinkThatIsMissingIsRefused(t *testing.T) {
	_, _, err := run(t, "--once", "--policy", policyFile(t, "-w /etc/passwd -p wa -k x", "splunk"))
	if err == nil || !strings.Contains(err.Error(), "no AuditSink is named splunk") {
		t.Errorf("error %v", err)
	}
}

func TestHelpHasExamples(t *testing.T) {
	out, _, err := run(t, "--help")
	if err != nil || !strings.Contains(out, "nodeagent --policy policy.yaml --sinks sinks.yaml") || strings.Contains(out, "kernel-changer") {
		t.Errorf("help %v:\n%s", err, out)
	}
}
