package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Severity tells an error from a remark.
type Severity int

const (
	// Error means that the line has no meaning and is not compiled.
	Error Severity = iota
	// Warning means that the line is compiled, but probably does not do what its author meant.
	Warning
	// Note means that the line may well do what its author meant, and that something about it is worth knowing.
	Note
)

// Problem is a finding in a text, with its place.
type Problem struct {
	// Severity is Error, Warning or Note.
	Severity Severity
	// Check is the stable name of what found the problem. Empty for what only the parser says, see lint.CheckOf.
	Check string
	// Line and Column count from 1; Column counts bytes.
	Line, Column int
	// Message says what is wrong, in one sentence without a full stop.
	Message string
	// Fix says what to write instead. Empty where that is not known.
	Fix string
	// Other is the line of the rule that the message compares this one with, which it names as "line N". 0 where it names none.
	Other int
}

// Host answers what the rule language leaves to the host that a rule is loaded on. Implementations look below the root of that host.
type Host interface {
	// IsDir says whether the path is a directory. A path that does not exist is none.
	IsDir(path string) bool
	// UserID returns the numeric id of the user, and false where the host has none of that name.
	UserID(name string) (uint32, bool)
	// GroupID returns the numeric id of the group, and false where the host has none of that name.
	GroupID(name string) (uint32, bool)
	// Machine is the host's architecture as uname(2) says it, for example x86_64.
	Machine() string
}

// Limits of the kernel: AUDIT_MAX_FIELDS, AUDIT_MAX_KEY_LEN, AUDIT_BITMASK_SIZE in include/uapi/linux/audit.h.
const (
	maxFields    = 64
	maxKey       = 256
	maskBits     = 64 * 32
	classBits    = 16
	keySeparator = "\x01"
)

// Rule is one rule, independent of the host that it will be loaded on: names of users and groups, and whether a path is a directory, are
// open until Encode.
type Rule struct {
	line     int
	list     list
	action   action
	prepend  bool
	watch    bool
	all      bool
	syscalls []syscallName
	fields   []field
	keys     []string
}

type field struct {
	*fieldType
	op    operator
	value operand
}

// syscallName is a system call or an operation of io_uring, by number where call is nil.
type syscallName struct {
	call   *call
	number uint32
}

func (s syscallName) String() string {
	if s.call != nil {
		return s.call.name
	}
	return strconv.FormatUint(uint64(s.number), 10)
}

// Line is the line of the text at which the rule stood, from 1. It is 0 for a rule that Decode made.
func (r Rule) Line() int { return r.line }

// Keys returns the rule's keys.
func (r Rule) Keys() []string { return slices.Clone(r.keys) }

// Paths returns the paths that the rule names, without placeholders. Whether they exist on the host decides whether, and how, the rule loads.
func (r Rule) Paths() []string {
	var paths []string
	for _, f := range r.fields {
		if f.kind == path && !f.isPlaceholder() {
			paths = append(paths, f.value.text)
		}
	}
	return paths
}

func (r *Rule) has(id uint32) bool {
	return slices.ContainsFunc(r.fields, func(f field) bool { return f.id == id })
}

// String returns the rule in one canonical form, close to that of auditctl -l. Parsing it gives the same rule.
func (r Rule) String() string {
	if r.watch && r.isPlainWatch() {
		text := []string{"-w", escape(r.fields[0].value.text), "-p", formatPerm(r.fields[1].value.number)}
		for _, k := range r.keys {
			text = append(text, "-k", escape(k))
		}
		return strings.Join(text, " ")
	}
	before, after := r.split()
	var b strings.Builder
	if r.watch {
		b.WriteString("-w " + escape(r.fields[0].value.text))
		before, after = nil, r.fields[1:]
	} else {
		b.WriteString(r.head())
	}
	r.writeFields(&b, before)
	if !r.watch {
		b.WriteString(r.calls())
	}
	r.writeFields(&b, after)
	return b.String()
}

func (r Rule) writeFields(b *strings.Builder, fields []field) {
	for _, f := range fields {
		if f.id != fieldKey {
			b.WriteString(" " + f.String())
			continue
		}
		for _, k := range r.keys {
			b.WriteString(" -F key=" + escape(k))
		}
	}
}

// split cuts the fields behind the architecture, which must stand before -S.
func (r Rule) split() (before, after []field) {
	for i, f := range r.fields {
		if f.id == fieldArch {
			return r.fields[:i+1], r.fields[i+1:]
		}
	}
	return nil, r.fields
}

// isPlainWatch says whether the rule is a path, permissions and keys, in this order.
func (r Rule) isPlainWatch() bool {
	return len(r.fields) >= 2 && r.fields[1].id == fieldPerm && (len(r.fields) == 2 || len(r.fields) == 3 && r.fields[2].id == fieldKey)
}

// head is the action and the list.
func (r Rule) head() string {
	option := "-a "
	if r.prepend {
		option = "-A "
	}
	return option + r.action.String() + "," + r.list.String()
}

// hasCalls says whether the rule's list looks at system calls, or at operations of io_uring.
func (r *Rule) hasCalls() bool { return r.list == listExit || r.list == listURing }

// calls are the system calls, with a space before them. That there are none is only in listings: such a rule never matches.
func (r Rule) calls() string {
	switch {
	case !r.hasCalls():
		return ""
	case r.all:
		return " -S all"
	case len(r.syscalls) == 0:
		return " -S none"
	}
	names := make([]string, len(r.syscalls))
	for i, call := range r.syscalls {
		names[i] = call.String()
	}
	return " -S " + strings.Join(names, ",")
}

// String returns the field as an option.
func (f field) String() string {
	if f.id == fieldFieldCompare {
		left, right, known := strings.Cut(comparisons.names[f.value.number], ",")
		if known {
			return "-C " + left + f.op.String() + right
		}
	}
	return "-F " + f.name + f.op.String() + escape(f.formatValue())
}

func (f field) formatValue() string {
	n := f.value.number
	switch {
	case f.value.text != "":
		return f.value.text
	case f.kind == perms:
		return formatPerm(n)
	case f.kind == hexArg:
		return fmt.Sprintf("%#x", n)
	case f.kind == exitOf, f.kind == user, f.kind == group, f.kind == session:
		return strconv.FormatInt(int64(int32(n)), 10)
	}
	if name := f.kind.names().names[n]; name != "" {
		return name
	}
	return strconv.FormatUint(uint64(n), 10)
}
