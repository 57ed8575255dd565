package enrich

import "time"

// Tracer knows of processes from the kernel itself, also of those that are gone. It answers from memory.
type Tracer interface {
	// Process returns what is known of the process that had this pid last.
	Process(pid uint32) (Traced, bool)
}

// Traced is what a Tracer knows of a process. Times are zero for what has not happened or was not seen.
type Traced struct {
	// Start, Exec and Exit are when the process was made, ran its last program, and ended.
	Start, Exec, Exit time.Time
	// Parent is the process that made it.
	Parent uint32
	// Nested says that it is in a pid namespace other than the host's, and Init that it is the first process of its pid namespace.
	Nested, Init bool
	// Comm is the name of its program, ended by zero bytes.
	Comm [16]byte
	// Groups is where it is now, or was at its end. Events from Moved on are of there, and earlier ones of where it was Before. The time is
	// by the clock of the audit system, which is late by a tick and more.
	Groups, Before Groups
	Moved          time.Time
}

// Groups are the paths of the control groups of a process.
type Groups struct {
	// Unified is that on version 2, and Legacy that in one hierarchy of version 1. Empty where there is none.
	Unified, Legacy string
}
