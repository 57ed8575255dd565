package rule

import "slices"

// On returns the rule as far as programs on a machine, named as uname -m does, can do what it names: without the system calls that they do not
// have. It returns false where nothing is left, as of a rule for 32-bit programs on a machine that runs none: what cannot happen there needs
// no rule. An unknown machine has everything.
func (r Rule) On(machine string) (Rule, bool) {
	abi, known := r.abi(machine)
	switch {
	case machines[machine].native() == 0:
		return r, true
	case !known:
		return Rule{}, false
	case r.list != listExit || r.all || len(r.syscalls) == 0:
		return r, true
	}
	table := tableOf(abi)
	missing := func(s syscallName) bool {
		if s.call == nil {
			return false
		}
		_, has := s.call.number(table)
		return !has
	}
	if slices.ContainsFunc(r.syscalls, missing) {
		r.syscalls = slices.DeleteFunc(slices.Clone(r.syscalls), missing)
	}
	return r, len(r.syscalls) > 0
}

// abi is the AUDIT_ARCH that the rule's system calls are of, and false where the machine does not have it.
func (r Rule) abi(machine string) (uint32, bool) {
	i := slices.IndexFunc(r.fields, func(f field) bool { return f.id == fieldArch && f.op == equal })
	if i < 0 {
		return machines[machine].native(), true
	}
	number, known := r.fields[i].value.number, true
	if number == 0 {
		number, known = archNamed(r.fields[i].value.text, machine)
	}
	return number, known && slices.Contains(Arches(machine), number)
}
