package lint

import "github.com/nodeaudit/nodeaudit/api/rule"

// silencing finds rules that switch off auditing, or all of it that comes behind them.
func (s *set) silencing() {
	order := s.evaluated()
	for i, e := range order {
		switch e.parts.List {
		case listTask:
			if e.parts.Never && e.bare(fieldKey) {
				s.tell(silencesAll, e.rule, "remove it", "no process that starts from now on is audited, whatever the other rules say")
			}
		case listExclude:
			if e.bare(fieldMsgtype, fieldKey) && e.takesAllRecords() {
				s.tell(silencesAll, e.rule, "exclude single record types, for example msgtype=CWD", "all records of system calls are thrown away, whatever the other rules say")
			}
		case listExit:
			if e.parts.Never && e.all && e.bare(fieldArch, fieldKey) {
				s.silencedBehind(e, order[i+1:])
			}
		}
	}
}

// takesAllRecords says whether the conditions on msgtype hold for every record type that an event of a system call has. A rule without a
// condition matches nothing on this list.
func (e *entry) takesAllRecords() bool {
	conditions := 0
	for _, f := range e.parts.Fields {
		if f.Field != fieldMsgtype {
			continue
		}
		conditions++
		for record := uint32(firstRecord); record <= lastRecord; record++ {
			if !holds(record, f.Op, f.Value) {
				return false
			}
		}
	}
	return conditions > 0
}

// The record types of events are 1300 to 1399, include/uapi/linux/audit.h; those from 1337 on are hardly used.
const (
	firstRecord = 1300
	lastRecord  = 1336
)

// silencedBehind tells of an unconditional never with rules of its list behind it.
func (s *set) silencedBehind(e *entry, behind []*entry) {
	silenced := 0
	last := rule.Rule{}
	for _, later := range behind {
		if later.parts.List == listExit && !later.parts.Never {
			silenced++
			last = later.rule
		}
	}
	programs := "all programs"
	if arch := e.field(fieldArch); arch != nil && arch.Op == opEqual {
		programs = "32-bit programs"
		if arch.Value&arch64 != 0 {
			programs = "64-bit programs"
		}
	}
	if silenced > 0 {
		s.tellOf(silencesAll, e.rule, last.Line(), "remove it, or narrow it with a path or a user",
			"what %s do is recorded by no rule behind this one, down to line %d", programs, last.Line())
	}
}
