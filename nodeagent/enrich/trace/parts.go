//go:build linux

// SPDX-License-Identifier: Apache-2.0 OR MIT OR GPL-2.0-only

package trace

import (
	"slices"
	"time"

	"github.com/cilium/ebpf/asm"
)

func list(instructions ...asm.Instruction) asm.Instructions { return instructions }

func join(parts ...asm.Instructions) asm.Instructions { return slices.Concat(parts...) }

// mapPointer loads the address of a table, by its name in the collection, into R1: where the kernel's functions expect it.
func mapPointer(table string) asm.Instruction {
	return asm.LoadMapPtr(asm.R1, 0).WithReference(table)
}

// args loads the first arguments of a tracepoint.
func args(registers ...asm.Register) asm.Instructions {
	var out asm.Instructions
	for i, register := range registers {
		out = append(out, asm.LoadMem(register, asm.R1, int16(8*i), asm.DWord))
	}
	return out
}

// end is where all programs end.
func end() asm.Instructions {
	return list(asm.Mov.Imm(asm.R0, 0).WithSymbol("end"), asm.Return())
}

// skipThreads ends the program for a thread of a process that is known.
func (b *builder) skipThreads() asm.Instructions {
	return list(
		asm.LoadMem(asm.R1, asm.R6, b.task.pid, asm.Word),
		asm.LoadMem(asm.R2, asm.R6, b.task.tgid, asm.Word),
		asm.JNE.Reg(asm.R1, asm.R2, "end"),
	)
}

// find looks up the record of the task in R6 and puts it into R7, or goes elsewhere.
func (b *builder) find(missing string) asm.Instructions {
	return list(
		asm.LoadMem(asm.R1, asm.R6, b.task.tgid, asm.Word),
		asm.StoreMem(asm.R10, keySlot, asm.R1, asm.Word),
		asm.Mov.Reg(asm.R2, asm.R10),
		asm.Add.Imm(asm.R2, int32(keySlot)),
		mapPointer(processesTable),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, missing),
		asm.Mov.Reg(asm.R7, asm.R0),
	)
}

// name copies the name of the task in R6.
func (b *builder) name(base asm.Register, at int16) asm.Instructions {
	return list(
		asm.LoadMem(asm.R1, asm.R6, b.task.comm, asm.DWord),
		asm.StoreMem(base, at+offComm, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, b.task.comm+8, asm.DWord),
		asm.StoreMem(base, at+offComm+8, asm.R1, asm.DWord),
	)
}

// groupsOf stores the ids of a css_set's groups; it uses R1.
func (b *builder) groupsOf(set, base asm.Register, at int16) asm.Instructions {
	id := func(pointer int16, more ...int16) asm.Instructions {
		out := list(asm.LoadMem(asm.R1, set, pointer, asm.DWord))
		for _, offset := range append(more, b.group.node, b.node.id) {
			out = append(out, asm.LoadMem(asm.R1, asm.R1, offset, asm.DWord))
		}
		return out
	}
	out := append(id(b.set.unified), asm.StoreMem(base, at, asm.R1, asm.DWord))
	if b.legacy == 0 {
		return out
	}
	out = append(out, id(b.legacy, b.subsys.group)...)
	return append(out, asm.StoreMem(base, at+8, asm.R1, asm.DWord))
}

// fresh makes a record of the task in R6 on the stack, with its key. The maker is a task.
func (b *builder) fresh(maker asm.Register) asm.Instructions {
	out := list(asm.Mov.Imm(asm.R1, 0))
	for at := onStack; at < 0; at += 8 {
		out = append(out, asm.StoreMem(asm.R10, at, asm.R1, asm.DWord))
	}
	out = append(out,
		asm.LoadMem(asm.R1, asm.R6, b.task.tgid, asm.Word),
		asm.StoreMem(asm.R10, keySlot, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, maker, b.task.tgid, asm.Word),
		asm.StoreMem(asm.R10, onStack+offParent, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.R6, b.task.leader, asm.DWord),
		asm.LoadMem(asm.R1, asm.R1, b.task.start, asm.DWord),
		asm.StoreMem(asm.R10, onStack+offStart, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, b.task.signal, asm.DWord),
		asm.LoadMem(asm.R1, asm.R1, b.signal.flags, asm.Word),
		// SIGNAL_UNKILLABLE of include/linux/sched/signal.h, 0x40: the kernel sets it in the first process of every pid namespace.
		asm.RSh.Imm(asm.R1, 6),
		asm.And.Imm(asm.R1, flagInit),
		asm.StoreMem(asm.R10, onStack+offFlags, asm.R1, asm.Half),
		asm.LoadMem(asm.R1, asm.R6, b.task.number, asm.DWord),
		asm.LoadMem(asm.R1, asm.R1, b.number.level, asm.Word),
		asm.StoreMem(asm.R10, onStack+offLevel, asm.R1, asm.Half),
		asm.LoadMem(asm.R8, asm.R6, b.task.groups, asm.DWord),
	)
	out = append(out, b.name(asm.R10, onStack)...)
	return append(out, b.groupsOf(asm.R8, asm.R10, onStack+offUnified)...)
}

// store puts the record on the stack into the table, and ends.
func (b *builder) store(label string) asm.Instructions {
	return join(list(
		mapPointer(processesTable).WithSymbol(label),
		asm.Mov.Reg(asm.R2, asm.R10),
		asm.Add.Imm(asm.R2, int32(keySlot)),
		asm.Mov.Reg(asm.R3, asm.R10),
		asm.Add.Imm(asm.R3, int32(onStack)),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnMapUpdateElem.Call(),
	), b.count(failedProcess, keySlot), end())
}

// count counts a row that found no room in its table, after the call that should have written it, and ends. The key is made at a place of the
// stack that nothing needs any more.
func (b *builder) count(what int64, at int16) asm.Instructions {
	return list(
		asm.JEq.Imm(asm.R0, 0, "end"),
		asm.StoreImm(asm.R10, at, what, asm.Word),
		asm.Mov.Reg(asm.R2, asm.R10),
		asm.Add.Imm(asm.R2, int32(at)),
		mapPointer(failuresTable),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "end"),
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreXAdd(asm.R0, asm.R1, asm.DWord),
	)
}

// refresh brings the groups in the record in R7 up to date, and ends. A process that enters a container is moved once in each hierarchy, so
// what was before is kept for each on its own.
func (b *builder) refresh() asm.Instructions {
	out := join(
		list(asm.LoadMem(asm.R8, asm.R6, b.task.groups, asm.DWord)),
		b.groupsOf(asm.R8, asm.R10, onStack),
		b.take("unified", onStack, offUnified, offWasUnified),
	)
	if b.legacy != 0 {
		out = append(out, b.take("legacy", onStack+8, offLegacy, offWasLegacy)...)
	}
	return append(out, asm.Ja.Label("end"))
}

// take moves one id from the stack into the record, where it is another one.
func (b *builder) take(label string, from, to, was int16) asm.Instructions {
	return join(list(
		asm.LoadMem(asm.R8, asm.R10, from, asm.DWord),
		asm.LoadMem(asm.R9, asm.R7, to, asm.DWord),
		asm.JEq.Reg(asm.R8, asm.R9, label),
		asm.StoreMem(asm.R7, was, asm.R9, asm.DWord),
		asm.StoreMem(asm.R7, to, asm.R8, asm.DWord),
		asm.FnKtimeGetBootNs.Call(),
		asm.StoreMem(asm.R7, offMoved, asm.R0, asm.DWord),
	), b.call(label, asm.R7, offCall))
}

// call stores the time that the audit system has noted for the system call that is going on, in whatever process. Events of the process that
// is moved by it are of this time at least where they come after it, however late the kernel's clock of ticks is.
func (b *builder) call(label string, base asm.Register, at int16) asm.Instructions {
	out := list(asm.Mov.Imm(asm.R1, 0), asm.StoreMem(base, at, asm.R1, asm.DWord))
	if b.task.audit != 0 {
		out = append(out,
			asm.FnGetCurrentTask.Call(),
			asm.Mov.Reg(asm.R3, asm.R0),
			asm.Add.Imm(asm.R3, int32(b.task.audit)),
		)
		out = append(out, peek(8)...)
		out = append(out,
			asm.LoadMem(asm.R3, asm.R10, peeked, asm.DWord),
			asm.JEq.Imm(asm.R3, 0, label),
			asm.Add.Imm(asm.R3, int32(b.audit.time)),
		)
		out = append(out, peek(16)...)
		out = append(out,
			asm.LoadMem(asm.R1, asm.R10, peeked, asm.DWord),
			asm.Mul.Imm(asm.R1, int32(time.Second)),
			asm.LoadMem(asm.R2, asm.R10, peeked+8, asm.DWord),
			asm.Add.Reg(asm.R1, asm.R2),
			asm.StoreMem(base, at, asm.R1, asm.DWord),
		)
	}
	return append(out, asm.Mov.Imm(asm.R0, 0).WithSymbol(label))
}

// peeked is where peek puts what it reads: below the record.
const peeked = onStack - 16

// peek reads from the address in R3. The verifier does not know what is there; where nothing is, it reads zeros.
func peek(size int32) asm.Instructions {
	return list(
		asm.Mov.Reg(asm.R1, asm.R10),
		asm.Add.Imm(asm.R1, int32(peeked)),
		asm.Mov.Imm(asm.R2, size),
		asm.FnProbeReadKernel.Call(),
	)
}

// late notes a process that is not in the table: one from before the programs, or one that was forgotten.
func (b *builder) late(label string, more ...asm.Instruction) asm.Instructions {
	return join(
		list(asm.LoadMem(asm.R9, asm.R6, b.task.parent, asm.DWord).WithSymbol(label)),
		b.fresh(asm.R9),
		more,
		b.store("storeLate"),
	)
}
