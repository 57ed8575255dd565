package rule

// Calls returns what the rule's -S names, in its order, and whether it asks for every system call. Rules of lists without system calls ask for
// every one.
func (r Rule) Calls() (names []string, all bool) {
	for _, call := range r.syscalls {
		names = append(names, call.String())
	}
	return names, r.all || !r.hasCalls()
}

// ABIs returns the AUDIT_ARCH of a machine's 64-bit and 32-bit programs. Either is 0 where the machine runs none.
func ABIs(uname string) (b64, b32 uint32) {
	m := machines[uname]
	return m.b64, m.b32
}

// CallNumber returns the number of a system call in an AUDIT_ARCH, and false where that has no call of the name.
func CallNumber(arch uint32, name string) (uint32, bool) {
	c := allCalls().named[name]
	if c == nil {
		return 0, false
	}
	return c.number(tableOf(arch))
}
