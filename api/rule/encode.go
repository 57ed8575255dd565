package rule

import (
	"encoding/binary"
	"fmt"
)

// Offsets in struct audit_rule_data, include/uapi/linux/audit.h.
const (
	offFlags   = 0
	offAction  = 4
	offCount   = 8
	offMask    = 12
	offFields  = offMask + 4*64
	offValues  = offFields + 4*maxFields
	offFlagsOf = offValues + 4*maxFields
	offLength  = offFlagsOf + 4*maxFields
	offBuffer  = offLength + 4
)

// ResolveKind says what a host lacks.
type ResolveKind string

const (
	// UnknownUser is a user name that the host does not have.
	UnknownUser ResolveKind = "user"
	// UnknownGroup is a group name that the host does not have.
	UnknownGroup ResolveKind = "group"
	// UnknownSyscall is a system call that the host's architecture does not have.
	UnknownSyscall ResolveKind = "system call"
	// UnknownArch is an architecture that the host's machine does not run.
	UnknownArch ResolveKind = "architecture"
)

// ResolveError says that a rule cannot be encoded on a host, for want of something that its text names.
type ResolveError struct {
	// Kind is what the host lacks.
	Kind ResolveKind
	// Name is the word in the rule.
	Name string
}

// Error returns a sentence such as `user "chrony" is not known on this host`.
func (e *ResolveError) Error() string {
	return fmt.Sprintf("%s %q is not known on this host", e.Kind, e.Name)
}

// Encode returns the rule's wire form on a host. It returns a *ResolveError where the host lacks what the rule names, and a *PlaceholderError
// for a rule that stands for several.
func (r Rule) Encode(h Host) (Wire, error) {
	var room [offBuffer + 256]byte
	b := room[:offBuffer]
	flags := uint32(r.list)
	if r.prepend {
		flags |= flagPrepend
	}
	put(b, offFlags, flags)
	put(b, offAction, uint32(r.action))
	put(b, offCount, uint32(len(r.fields)))
	audit, named := uint32(0), false
	for i := range r.fields {
		f := &r.fields[i]
		id, value, err := r.resolve(f, h)
		if err != nil {
			return "", err
		}
		if id == fieldArch {
			audit, named = value, true
		}
		if f.kind.isString() {
			length := len(b)
			b = r.appendText(b, f)
			value = uint32(len(b) - length)
		}
		put(b, offFields+4*i, id)
		put(b, offValues+4*i, value)
		put(b, offFlagsOf+4*i, uint32(f.op))
	}
	if !named {
		audit = machines[h.Machine()].native()
	}
	if err := r.encodeCalls(b, audit); err != nil {
		return "", err
	}
	put(b, offLength, uint32(len(b)-offBuffer))
	return Wire(b), nil
}

func put(b []byte, offset int, v uint32) { binary.NativeEndian.PutUint32(b[offset:], v) }

// appendText appends the value of a field that is a string.
func (r *Rule) appendText(b []byte, f *field) []byte {
	if f.id != fieldKey {
		return append(b, f.value.text...)
	}
	for i, k := range r.keys {
		if i > 0 {
			b = append(b, keySeparator...)
		}
		b = append(b, k...)
	}
	return b
}

// resolve returns the number of a field and its value, where that is a number.
func (r *Rule) resolve(f *field, h Host) (id, value uint32, err error) {
	id, value = f.id, f.value.number
	name, known := f.value.text, true
	switch {
	case name == "", f.kind == arch && value != 0: // what the kernel listed has its number
	case f.isPlaceholder():
		return id, value, &PlaceholderError{name}
	case f.kind == path:
		if r.watch && f.id == fieldPath && h.IsDir(name) {
			id = fieldDir
		}
	case f.kind == user:
		value, known = h.UserID(name)
	case f.kind == group:
		value, known = h.GroupID(name)
	case f.kind == arch:
		value, known = archNamed(name, h.Machine())
	}
	if !known {
		return id, value, &ResolveError{unknownKinds[f.kind], name}
	}
	return id, value, nil
}

var unknownKinds = map[kind]ResolveKind{user: UnknownUser, group: UnknownGroup, arch: UnknownArch}

func (r *Rule) encodeCalls(b []byte, audit uint32) error {
	mask := b[offMask:offFields]
	if r.all || !r.hasCalls() {
		for i := range mask {
			mask[i] = 0xff
		}
		return nil
	}
	table := uringTable
	if r.list != listURing {
		table = tableOf(audit)
	}
	for _, c := range r.syscalls {
		n, known := c.number, true
		if c.call != nil {
			n, known = c.call.number(table)
		}
		if !known || n >= maskBits {
			return &ResolveError{UnknownSyscall, c.String()}
		}
		word := mask[4*(n/32):]
		put(word, 0, binary.NativeEndian.Uint32(word)|1<<(n%32))
	}
	return nil
}
