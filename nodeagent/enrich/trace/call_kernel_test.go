//go:build linux

package trace

import (
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// Where the audit system follows calls, the record has its time of the call that moved the process, not only that of the move.
func TestKernelTheTimeOfTheMovingCallIsNoted(t *testing.T) {
	client := kerneltest.Lock(t)
	if err := client.Set(kernel.Settings{Enabled: new(uint32(kernel.On))}); err != nil {
		t.Fatal(err)
	}
	tracer, err := Open("/", slog.New(slog.DiscardHandler))
	if errors.Is(err, syscall.EPERM) && os.Getenv(kerneltest.RequireEnv) != "1" {
		t.Skipf("needs CAP_BPF and CAP_PERFMON: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracer.Close() })
	containers, err := enrichtest.NewContainers(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = containers.Close() })
	inhabitant, err := containers.All[0].Inhabit()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inhabitant.Close() })
	pid, r := uint32(inhabitant.PID()), record{}
	if err := tracer.processes.Lookup(&pid, &r); err != nil {
		t.Fatal(err)
	}
	moved := since(tracer.clock.boot(), r.Moved)
	if took := moved.Sub(time.Unix(0, int64(r.Call))); took < -grain || took > time.Second {
		t.Errorf("the call is noted as of %v before the move", took)
	}
}
