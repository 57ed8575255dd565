//go:build linux

package trace

import "unsafe"

// record is what the programs note of a process, byte for byte. Times are nanoseconds since boot, groups the ids that are also the inode
// numbers of their directories.
type record struct {
	Start, Exec, Moved, Exit uint64
	// Call is the time of day that the audit system has noted for the call by which the process was moved, in nanoseconds; 0 for none.
	Call         uint64
	Now, Before  ids
	Parent       uint32
	Flags, Level uint16 // Level counts pid namespaces: 0 is the host's
	Comm         [16]byte
}

// ids are a process's groups: on version 2, and in one hierarchy of version 1 where there is one.
type ids struct {
	Unified, Legacy uint64
}

// flagInit marks the first process of a pid namespace.
const flagInit = 1

// groupKey names a control group: ids are unique within a hierarchy.
type groupKey struct {
	Hierarchy, ID uint64
}

// groupPath is the path of a group below the root of its hierarchy, ended by a zero byte.
type groupPath [512]byte

const (
	recordSize    = int16(unsafe.Sizeof(record{}))
	offStart      = int16(unsafe.Offsetof(record{}.Start))
	offExec       = int16(unsafe.Offsetof(record{}.Exec))
	offMoved      = int16(unsafe.Offsetof(record{}.Moved))
	offExit       = int16(unsafe.Offsetof(record{}.Exit))
	offCall       = int16(unsafe.Offsetof(record{}.Call))
	offUnified    = int16(unsafe.Offsetof(record{}.Now))
	offLegacy     = offUnified + 8
	offWasUnified = int16(unsafe.Offsetof(record{}.Before))
	offWasLegacy  = offWasUnified + 8
	offParent     = int16(unsafe.Offsetof(record{}.Parent))
	offFlags      = int16(unsafe.Offsetof(record{}.Flags))
	offLevel      = int16(unsafe.Offsetof(record{}.Level))
	offComm       = int16(unsafe.Offsetof(record{}.Comm))
)
