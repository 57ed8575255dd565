package nodeagent

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Where the programs cannot be loaded the agent goes on without, and either way what was begun can be ended, and begun again.
func TestKernelTheTracerIsOpenedAndShut(t *testing.T) {
	for _, asked := range []bool{false, true} {
		options := Options{HostRoot: "/", EBPF: asked, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}
		for range 2 {
			tracer, shut := openTracer(options)
			if tracer != nil && !asked {
				t.Error("there is a Tracer that nobody has asked for")
			}
			shut()
		}
		if families, err := options.Registry.Gather(); err != nil || len(families) != 0 {
			t.Errorf("metrics are left: %v, %v", families, err)
		}
	}
}
