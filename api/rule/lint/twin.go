package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// twins finds rules for 64-bit programs that 32-bit ones escape.
func (s *set) twins() {
	covered := s.covered32()
	for i := range s.entries {
		e := &s.entries[i]
		if !e.known || !e.recordsArch(arch64) || s.runsNo32() {
			continue
		}
		if missing := covered.missing(e); len(missing) > 0 {
			s.tell(missingB32, e.rule, "write it once more with arch=b32", "32-bit programs escape it%s", inCalls(missing))
		}
	}
}

// recordsArch says whether the entry records events of one architecture, of 64 bits if bit is arch64 and of 32 if it is 0.
func (e *entry) recordsArch(bit uint32) bool {
	arch := e.field(fieldArch)
	return e.parts.List == listExit && !e.parts.Never && arch != nil && arch.Op == opEqual && arch.Value&arch64 == bit
}

func (s *set) runsNo32() bool {
	_, arch := rule.ABIs(cmp.Or(s.Machine, defaultMachine))
	return arch == 0
}

// coverage is which system calls of 32-bit programs are recorded, by the conditions under which they are. A missing name is not, "" is every.
type coverage map[string]map[string]bool

func (s *set) covered32() coverage {
	c := coverage{}
	for i := range s.entries {
		e := &s.entries[i]
		any32 := e.known && e.all && e.parts.List == listExit && !e.parts.Never && e.field(fieldArch) == nil
		if !any32 && (!e.known || !e.recordsArch(0)) {
			continue
		}
		conditions := e.conditions()
		if c[conditions] == nil {
			c[conditions] = map[string]bool{}
		}
		if e.all {
			c[conditions][""] = true
		}
		for _, name := range e.names {
			c[conditions][name] = true
		}
	}
	return c
}

// conditions are what the entry looks at beside architecture and key, in a form that can be compared.
func (e *entry) conditions() string {
	var list []string
	for _, f := range e.parts.Fields {
		if f.Field != fieldArch && f.Field != fieldKey {
			list = append(list, fmt.Sprintf("%d %d %d %q", f.Field, f.Op, f.Value, f.Text))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// missing returns the calls of the entry that no rule with its conditions, or with none, records for 32-bit programs; "" is all. Calls that
// 32-bit programs do not have are never missing.
func (c coverage) missing(e *entry) []string {
	same, all := c[e.conditions()], c[""]
	switch {
	case same[""] || all[""]:
		return nil
	case e.all:
		return []string{""}
	}
	arch := arch32Of(e.field(fieldArch).Value)
	var missing []string
	for _, name := range e.names {
		if _, exists := rule.CallNumber(arch, name); exists && !same[name] && !all[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) == len(e.names) {
		return []string{""}
	}
	return missing
}

// arch32Of returns the AUDIT_ARCH of the 32-bit programs that run beside those of a 64-bit one.
func arch32Of(arch uint32) uint32 {
	for _, machine := range others {
		if b64, b32 := rule.ABIs(machine); b64 == arch {
			return b32
		}
	}
	return 0
}

func inCalls(missing []string) string {
	if missing[0] == "" {
		return ""
	}
	return " with " + list(missing)
}
