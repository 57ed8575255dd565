package rule

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrWire says that bytes are not a struct audit_rule_data.
var ErrWire = errors.New("not an audit rule")

// Decode reads a rule as the kernel lists it. Ids are numeric, system calls get the names of the rule's architecture. Fields and lists that
// are not known are errors: the kernel is newer than this program.
func Decode(w Wire) (Rule, error) {
	if len(w) < offBuffer {
		return Rule{}, fmt.Errorf("%d bytes: %w", len(w), ErrWire)
	}
	get := func(offset int) uint32 { return binary.NativeEndian.Uint32([]byte(w[offset : offset+4])) }
	flags := get(offFlags)
	r := Rule{list: list(flags &^ flagPrepend), prepend: flags&flagPrepend != 0, action: action(get(offAction))}
	if r.list.String() == "" || r.action.String() == "" {
		return Rule{}, fmt.Errorf("list %d, action %d: %w", r.list, r.action, ErrWire)
	}
	count := get(offCount)
	if count > maxFields {
		return Rule{}, fmt.Errorf("%d fields: %w", count, ErrWire)
	}
	buffer := string(w[offBuffer:])
	audit := uint32(0)
	for i := range int(count) {
		f, rest, err := decodeField(get(offFields+4*i), get(offValues+4*i), operator(get(offFlagsOf+4*i)), buffer)
		if err != nil {
			return Rule{}, err
		}
		buffer = rest
		switch f.id {
		case fieldKey:
			if r.has(fieldKey) {
				return Rule{}, fmt.Errorf("two fields of keys: %w", ErrWire)
			}
			r.keys = strings.Split(f.value.text, keySeparator)
			f.value.text = ""
		case fieldArch:
			audit = f.value.number
			f.value.text = archText(audit)
		}
		r.fields = append(r.fields, f)
	}
	r.decodeCalls(audit, get)
	r.decodeWatch()
	return r, nil
}

func decodeField(id, value uint32, op operator, buffer string) (field, string, error) {
	t, known := fieldWith(id)
	if !known {
		return field{}, "", fmt.Errorf("field %d: %w", id, ErrWire)
	}
	f := field{t, op, operand{number: value}}
	if !t.kind.isString() {
		return f, buffer, nil
	}
	if uint64(value) > uint64(len(buffer)) {
		return field{}, "", fmt.Errorf("value of %s has %d bytes, there are %d: %w", t.name, value, len(buffer), ErrWire)
	}
	f.value = operand{text: buffer[:value]}
	return f, buffer[value:], nil
}

// archText prefers b64 and b32, as auditctl -l does.
func archText(audit uint32) string {
	text := fmt.Sprintf("%#x", audit)
	if audit == 0 { // which stands for an ABI that a machine does not have
		return text
	}
	for _, m := range machines {
		switch audit {
		case m.b64:
			return "b64"
		case m.b32:
			text = "b32"
		}
	}
	return text
}

func (r *Rule) decodeCalls(audit uint32, get func(int) uint32) {
	if !r.hasCalls() {
		return
	}
	r.all = true
	for i := range maskBits/32 - 1 {
		r.all = r.all && get(offMask+4*i) == ^uint32(0)
	}
	if r.all {
		return
	}
	table := noTable
	if r.list == listURing {
		table = uringTable
	} else if audit != 0 {
		table = tableOf(audit)
	}
	for n := range uint32(maskBits - classBits) {
		if get(offMask+4*int(n/32))&(1<<(n%32)) != 0 {
			r.syscalls = append(r.syscalls, syscallName{allCalls().at(table, n), n})
		}
	}
}

// decodeWatch recognises what auditctl -l prints as -w: a path or directory with permissions, for every system call.
func (r *Rule) decodeWatch() {
	if r.list != listExit || r.action != always || !r.all || len(r.fields) < 2 || r.fields[1].id != fieldPerm {
		return
	}
	if first := &r.fields[0]; (first.id == fieldPath || first.id == fieldDir) && first.op == equal && !strings.HasSuffix(first.value.text, "/") {
		rest := r.fields[2:]
		r.watch = len(rest) == 0 || len(rest) == 1 && rest[0].id == fieldKey
		if r.watch {
			first.fieldType = pathField
		}
	}
}
