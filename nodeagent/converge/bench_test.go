package converge_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// BenchmarkPass is what an idle agent does every interval: 200 rules that are in the kernel, on this machine's files.
func BenchmarkPass(b *testing.B) {
	memory := kerneltest.New("/")
	agent, err := converge.New(converge.Options{
		Kernel: memory, Host: host.New("/"), StateDir: b.TempDir(), BootID: "boot", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	var rules strings.Builder
	for i := range 200 {
		fmt.Fprintf(&rules, "-w /etc/bench-%d.conf -p wa -k bench\n", i)
	}
	state := want(b, policy{name: "p", rules: rules.String()})
	agent.Pass(b.Context(), state)
	b.ReportAllocs()
	for b.Loop() {
		agent.Pass(b.Context(), state)
	}
}
