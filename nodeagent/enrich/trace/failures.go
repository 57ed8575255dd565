//go:build linux

package trace

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// Failures is what the programs could not note since they were loaded. Of such a process only what /proc tells is known.
type Failures struct {
	// Processes and Groups are rows for which a table had no room.
	Processes, Groups uint64
	// Runs is how often the kernel left a program out, because it ran already on that processor.
	Runs uint64
}

// What is counted in the table of failures.
const (
	failedProcess = iota
	failedGroup
	failing // how many there are
)

// Failures returns the counts of now. Unlike the other methods it may be called from any goroutine.
func (t *Tracer) Failures() (Failures, error) {
	table := t.collection.Maps[failuresTable]
	processes, err := total(table, failedProcess)
	if err != nil {
		return Failures{}, err
	}
	found := Failures{Processes: processes}
	if found.Groups, err = total(table, failedGroup); err != nil {
		return Failures{}, err
	}
	for _, at := range tracepoints {
		stats, err := t.collection.Programs[at].Stats()
		if err != nil {
			return Failures{}, fmt.Errorf("reading how often the eBPF program at %s was left out: %w", at, err)
		}
		found.Runs += stats.RecursionMisses
	}
	return found, nil
}

// total adds up what the processors have counted.
func total(table *ebpf.Map, what uint32) (uint64, error) {
	var each []uint64
	if err := table.Lookup(&what, &each); err != nil {
		return 0, fmt.Errorf("reading what the eBPF programs could not note: %w", err)
	}
	sum := uint64(0)
	for _, count := range each {
		sum += count
	}
	return sum, nil
}
