//go:build linux

package trace

import (
	"fmt"
	"time"
)

// Cost is what one program has cost since it was loaded, as far as the kernel measures it (kernel.bpf_stats_enabled).
type Cost struct {
	// Tracepoint is where the program is attached.
	Tracepoint string
	// Runs is how often it ran, and Time how long that took in all.
	Runs uint64
	Time time.Duration
}

// Costs returns the cost of each program.
func (t *Tracer) Costs() ([]Cost, error) {
	var costs []Cost
	for _, at := range tracepoints {
		stats, err := t.collection.Programs[at].Stats()
		if err != nil {
			return nil, fmt.Errorf("reading what the eBPF program at %s costs: %w", at, err)
		}
		costs = append(costs, Cost{Tracepoint: at, Runs: stats.RunCount, Time: stats.Runtime})
	}
	return costs, nil
}

// Memory returns how many bytes of the kernel's memory the tables take.
func (t *Tracer) Memory() (uint64, error) {
	total := uint64(0)
	for name, table := range t.collection.Maps {
		info, err := table.Info()
		if err != nil {
			return 0, fmt.Errorf("reading the size of the eBPF table %s: %w", name, err)
		}
		if bytes, ok := info.Memlock(); ok {
			total += bytes
		}
	}
	return total, nil
}
