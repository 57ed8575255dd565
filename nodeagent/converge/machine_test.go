package converge_test

import (
	"log/slog"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// riscv is a machine that runs no 32-bit programs.
type riscv struct{ rule.Host }

func (riscv) Machine() string { return "riscv64" }

func TestARuleForProgramsThatTheMachineCannotRunIsNotMissed(t *testing.T) {
	w := newWorld(t)
	agent, err := converge.New(converge.Options{
		Kernel: w.kernel, Host: riscv{host.New(w.root)}, StateDir: t.TempDir(), BootID: "boot-1", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	report := agent.Pass(t.Context(), want(t, policy{name: "p", rules: "-a always,exit -F arch=b64 -F arch=b32 -S bind -k net\n"}))
	if report.State != v1alpha1.NodeInSync || report.Rules.Wanted != 1 || report.Rules.Loaded != 1 {
		t.Errorf("%s: %s, rules %+v", report.State, report.Message, report.Rules)
	}
}
