//go:build linux

package trace

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// Names of the tables; those of the programs are the tracepoints.
const (
	processesTable = "processes"
	groupsTable    = "groups"
	scratchTable   = "scratch"
	failuresTable  = "failures"
)

const (
	// maxProcesses is how many processes the kernel remembers, the youngest: 3.3 s of a node that starts 10,000 processes each second, and with
	// them all that are alive and did something since. At 144 bytes each it is 4.5 MiB of the kernel's memory.
	maxProcesses = 32768
	// maxGroups is how many new control groups it remembers. A group is asked for with its first event, so few suffice: 0.6 MiB.
	maxGroups = 1024
)

var tracepoints = []string{"cgroup_mkdir", "cgroup_attach_task", "sched_process_exit", "sched_process_exec", "sched_process_fork"}

// collection is everything that is loaded.
func (b *builder) collection() *ebpf.CollectionSpec {
	pathSize := uint32(len(groupPath{}))
	return &ebpf.CollectionSpec{
		Maps: map[string]*ebpf.MapSpec{
			processesTable: {
				Name: "nodeaudit_procs", Type: ebpf.LRUHash, KeySize: 4, ValueSize: uint32(recordSize), MaxEntries: maxProcesses,
			},
			groupsTable:  {Name: "nodeaudit_group", Type: ebpf.LRUHash, KeySize: 16, ValueSize: pathSize, MaxEntries: maxGroups},
			scratchTable: {Name: "nodeaudit_path", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: pathSize, MaxEntries: 1},
			failuresTable: {
				Name: "nodeaudit_fails", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: failing,
			},
		},
		Programs: map[string]*ebpf.ProgramSpec{
			"cgroup_mkdir":       program("nodeaudit_mkdir", "cgroup_mkdir", b.mkdir()),
			"cgroup_attach_task": program("nodeaudit_move", "cgroup_attach_task", b.attach()),
			"sched_process_exit": program("nodeaudit_exit", "sched_process_exit", b.exit()),
			"sched_process_exec": program("nodeaudit_exec", "sched_process_exec", b.exec()),
			"sched_process_fork": program("nodeaudit_fork", "sched_process_fork", b.fork()),
		},
	}
}

func program(name, at string, instructions asm.Instructions) *ebpf.ProgramSpec {
	return &ebpf.ProgramSpec{
		Name: name, Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: at, Instructions: instructions, License: license,
	}
}
