package optimize

import (
	"github.com/nodeaudit/nodeaudit/api/rule"
)

// narrow lets rules for a permission be looked at only in the system calls in which it can be fulfilled. auditctl writes -w for every call, and
// the kernel then asks at each one whether the directory is meant.
func (s *set) narrow() {
	for _, i := range s.items {
		if !i.plain() || i.parts.Mask != rule.AllCalls() {
			continue
		}
		if calls, known := permitted(i.parts, s.machine); known {
			i.parts.Mask, i.changed = calls, true
		}
	}
}

// Plain returns a rule as people write it: with every system call, where it has just those of its permission. It is for listings; the kernel
// has the rule that was given.
func Plain(w rule.Wire, machine string) rule.Wire {
	p, err := w.Open()
	if err != nil || p.List != listExit {
		return w
	}
	if calls, known := permitted(p, machine); known && p.Mask == calls {
		p.Mask = rule.AllCalls()
		return p.Wire().Canonical()
	}
	return w
}

// permitted returns the calls in which the rule's permission can be fulfilled, on the architectures that it can mean. It is false where the
// rule asks for no permission, or where that is not known.
func permitted(p rule.Parts, machine string) (rule.Calls, bool) {
	arches := rule.Arches(machine)
	perm, asked := uint32(0), false
	for _, f := range p.Fields {
		switch {
		case f.Field == fieldPerm && f.Op == opEqual && !asked:
			perm, asked = f.Value, true
		case f.Field == fieldArch && f.Op == opEqual:
			arches = []uint32{f.Value}
		}
	}
	var union rule.Calls
	for _, arch := range arches {
		calls, known := rule.PermCalls(arch, perm)
		if !known {
			return rule.Calls{}, false
		}
		for n := range union {
			union[n] |= calls[n]
		}
	}
	return union, asked && len(arches) > 0
}
