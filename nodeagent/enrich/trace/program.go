//go:build linux

// SPDX-License-Identifier: Apache-2.0 OR MIT OR GPL-2.0-only

package trace

import "github.com/cilium/ebpf/asm"

// license is what the kernel is told of the programs in this file. It lends the function that copies a string only to programs that say so.
const license = "Dual MIT/GPL"

// builder writes the programs for one kernel. Registers: R6 is the task, R7 the other argument or the record, R8 and R9 are free.
type builder struct {
	layout
	legacy    int16 // where css_set points to the controller of version 1 that is watched, 0 for none
	hierarchy int32 // the number of its hierarchy
}

// The stack of every program: a record, and above it the key.
const (
	onStack = -(recordSize + 8)
	keySlot = int16(-8)
)

// fork notes a new process. Arguments: the task that made it, and its own.
func (b *builder) fork() asm.Instructions {
	return join(
		args(asm.R7, asm.R6),
		b.skipThreads(),
		b.fresh(asm.R7),
		// A process can be made right in another group than its parent's (CLONE_INTO_CGROUP): that is a move too.
		list(
			asm.LoadMem(asm.R8, asm.R6, b.task.groups, asm.DWord),
			asm.LoadMem(asm.R9, asm.R7, b.task.groups, asm.DWord),
			asm.JEq.Reg(asm.R8, asm.R9, "store"),
			asm.LoadMem(asm.R1, asm.R6, b.task.start, asm.DWord),
			asm.StoreMem(asm.R10, onStack+offMoved, asm.R1, asm.DWord),
		),
		b.call("moved", asm.R10, onStack+offCall),
		list(asm.LoadMem(asm.R9, asm.R7, b.task.groups, asm.DWord)),
		b.groupsOf(asm.R9, asm.R10, onStack+offWasUnified),
		b.store("store"),
	)
}

// exec notes a program that begins. Argument: the task.
func (b *builder) exec() asm.Instructions {
	return join(
		args(asm.R6),
		b.find("missing"),
		list(
			asm.FnKtimeGetBootNs.Call(),
			asm.StoreMem(asm.R7, offExec, asm.R0, asm.DWord),
		),
		b.name(asm.R7, 0),
		b.refresh(),
		b.late("missing"),
	)
}

// attach notes a process that was moved to another group. Arguments: the group, its path, the task.
func (b *builder) attach() asm.Instructions {
	return join(
		list(asm.LoadMem(asm.R6, asm.R1, 16, asm.DWord)),
		b.find("missing"),
		b.refresh(),
		b.late("missing"),
	)
}

// exit notes the end of a process: of its last thread. Argument: the task. A process that is not in the table any more comes back into it, so
// that its last events can be told.
func (b *builder) exit() asm.Instructions {
	return join(
		args(asm.R6),
		list(
			asm.LoadMem(asm.R1, asm.R6, b.task.signal, asm.DWord),
			asm.LoadMem(asm.R1, asm.R1, b.signal.live, asm.Word),
			asm.JNE.Imm(asm.R1, 0, "end"),
		),
		b.find("missing"),
		list(
			asm.FnKtimeGetBootNs.Call(),
			asm.StoreMem(asm.R7, offExit, asm.R0, asm.DWord),
			asm.Ja.Label("end"),
		),
		b.late("missing", asm.FnKtimeGetBootNs.Call(), asm.StoreMem(asm.R10, onStack+offExit, asm.R0, asm.DWord)),
	)
}

// mkdir notes the path of a new group. Arguments: the group and its path.
func (b *builder) mkdir() asm.Instructions {
	return join(
		args(asm.R6, asm.R7),
		list(
			asm.LoadMem(asm.R8, asm.R6, b.group.root, asm.DWord),
			asm.LoadMem(asm.R8, asm.R8, b.root.hierarchy, asm.Word),
			asm.JEq.Imm(asm.R8, 0, "wanted"),
			asm.JNE.Imm(asm.R8, b.hierarchy, "end"),
			asm.LoadMem(asm.R9, asm.R6, b.group.node, asm.DWord).WithSymbol("wanted"),
			asm.LoadMem(asm.R9, asm.R9, b.node.id, asm.DWord),
			asm.StoreMem(asm.R10, -16, asm.R8, asm.DWord),
			asm.StoreMem(asm.R10, -8, asm.R9, asm.DWord),
			// 512 bytes do not fit on the stack.
			asm.StoreImm(asm.R10, -24, 0, asm.Word),
			asm.Mov.Reg(asm.R2, asm.R10),
			asm.Add.Imm(asm.R2, -24),
			mapPointer(scratchTable),
			asm.FnMapLookupElem.Call(),
			asm.JEq.Imm(asm.R0, 0, "end"),
			asm.Mov.Reg(asm.R8, asm.R0),
			asm.Mov.Reg(asm.R1, asm.R0),
			asm.Mov.Imm(asm.R2, int32(len(groupPath{}))),
			asm.Mov.Reg(asm.R3, asm.R7),
			asm.FnProbeReadKernelStr.Call(),
			mapPointer(groupsTable),
			asm.Mov.Reg(asm.R2, asm.R10),
			asm.Add.Imm(asm.R2, -16),
			asm.Mov.Reg(asm.R3, asm.R8),
			asm.Mov.Imm(asm.R4, 0),
			asm.FnMapUpdateElem.Call(),
		),
		b.count(failedGroup, -24),
		end(),
	)
}
