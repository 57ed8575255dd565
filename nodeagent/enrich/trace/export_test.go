//go:build linux

package trace

import (
	"log/slog"

	"github.com/cilium/ebpf"
)

// OpenSmall opens a Tracer whose tables hold so many rows and forget none, so that they become full.
func OpenSmall(rows uint32, log *slog.Logger) (*Tracer, error) {
	return open("/", log, func(spec *ebpf.CollectionSpec) {
		for _, name := range []string{processesTable, groupsTable} {
			spec.Maps[name].Type, spec.Maps[name].MaxEntries = ebpf.Hash, rows
		}
	})
}
