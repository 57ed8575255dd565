package rule

import (
	"encoding/binary"
	"fmt"
	"strings"
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
	b := make([]byte, offBuffer, offBuffer+256)
	put := func(offset int, v uint32) { binary.NativeEndian.PutUint32(b[offset:], v) }
	flags := uint32(r.list)
	if r.prepend {
		flags |= flagPrepend
	}
	put(offFlags, flags)
	put(offAction, uint32(r.action))
	put(offCount, uint32(len(r.fields)))
	audit := machines[h.Machine()].native()
	for i, f := range r.fields {
		id, value, str, err := r.resolve(f, h)
		if err != nil {
			return "", err
		}
		if id == fieldArch {
			audit = value
		}
		put(offFields+4*i, id)
		put(offValues+4*i, value)
		put(offFlagsOf+4*i, uint32(f.op))
		b = append(b, str...)
	}
	if err := r.encodeCalls(audit, put); err != nil {
		return "", err
	}
	put(offLength, uint32(len(b)-offBuffer))
	return Wire(b), nil
}

// resolve returns the number of a field, its value and its string.
func (r Rule) resolve(f field, h Host) (id, value uint32, str string, err error) {
	id, value = f.id, f.value.number
	switch {
	case f.id == fieldKey:
		str = strings.Join(r.keys, keySeparator)
		value = uint32(len(str))
	case f.isPlaceholder():
		err = &PlaceholderError{f.value.text}
	case f.kind.isString():
		str = f.value.text
		value = uint32(len(str))
		if r.watch && f.id == fieldPath && h.IsDir(str) {
			id = fieldDir
		}
	case f.value.text == "":
	case f.kind == user:
		value, err = found(UnknownUser, f.value.text, h.UserID)
	case f.kind == group:
		value, err = found(UnknownGroup, f.value.text, h.GroupID)
	case f.kind == arch:
		value, err = found(UnknownArch, f.value.text, func(name string) (uint32, bool) { return archNamed(name, h.Machine()) })
	}
	return id, value, str, err
}

func found(kind ResolveKind, name string, look func(string) (uint32, bool)) (uint32, error) {
	n, known := look(name)
	if !known {
		return 0, &ResolveError{kind, name}
	}
	return n, nil
}

func (r Rule) encodeCalls(audit uint32, put func(int, uint32)) error {
	var mask [maskBits / 32]uint32
	switch {
	case r.all || len(r.syscalls) == 0:
		for i := range mask {
			mask[i] = ^uint32(0)
		}
	default:
		for _, call := range r.syscalls {
			n, known := call.number, true
			if call.name != "" && r.list == listURing {
				n, known = uringNumber(call.name)
			} else if call.name != "" {
				n, known = callNumber(audit, call.name)
			}
			if !known || n >= maskBits {
				return &ResolveError{UnknownSyscall, call.name}
			}
			mask[n/32] |= 1 << (n % 32)
		}
	}
	for i, m := range mask {
		put(offMask+4*i, m)
	}
	return nil
}
