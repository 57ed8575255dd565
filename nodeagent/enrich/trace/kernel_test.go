//go:build linux

package trace_test

import (
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
)

func TestKernelTracer(t *testing.T) {
	tracer, err := trace.Open("/", slog.Default())
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer tracer.Close()
	c := exec.Command("/bin/true")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	got, ok := tracer.Process(uint32(c.Process.Pid))
	t.Logf("%v %+v %s now %v self %d", ok, got, got.Comm, time.Now(), os.Getpid())
}
