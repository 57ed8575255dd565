package ruletest

// Event is a system call at its exit, or what another list decides about.
type Event struct {
	// Arch is AUDIT_ARCH_…, and Call the number of the system call.
	Arch, Call uint32
	// Number has the values of numeric fields at their number: AUDIT_PID and so on. That of the architecture is in Arch.
	Number [fieldCount]uint32
	// Returned says that the call has an exit value, and Address that it came with a socket address.
	Returned, Address bool
	// OpenHow are the flags of openat2, which are not among the arguments.
	OpenHow uint32
	// Groups are the supplementary groups of the process.
	Groups []uint32
	// Programs are the paths in rules that are the process's program: several where they are links to one file.
	Programs []Name
	// Label are the parts of the process's security label, by field.
	Label [fieldCount]Name
	// Files are what the call touched, in the order in which the kernel noted them.
	Files []File
}

// Name stands for a text in a rule.
type Name int32

// File is a file that a system call touched.
type File struct {
	// Paths are the paths in rules that are this file, and Dirs those that are above it.
	Paths, Dirs []Name
	// Inode, Device and Special (a device file's own) are its numbers; devices are major and minor.
	Inode           uint32
	Device, Special [2]uint32
	// User, Group and Mode are the owner's and the type's.
	User, Group, Mode uint32
	// Label are the parts of its security label, by field.
	Label [fieldCount]Name
}

// Outcome is what becomes of an event.
type Outcome struct {
	// Recorded says that it is recorded, under the keys in Keys.
	Recorded bool
	Keys     string
}

// Names are the texts in the rules of one comparison.
type Names struct {
	known map[string]Name
	texts []string
}

// Of returns the name of a text.
func (n *Names) Of(text string) Name {
	if name, is := n.known[text]; is {
		return name
	}
	if n.known == nil {
		n.known = map[string]Name{}
	}
	name := Name(len(n.texts))
	n.known[text] = name
	n.texts = append(n.texts, text)
	return name
}

// Text is the text of a name.
func (n *Names) Text(name Name) string { return n.texts[name] }
