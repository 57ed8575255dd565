package lint

import "github.com/nodeaudit/nodeaudit/api/rule"

// logins finds conditions on who logged in that containers cannot fulfil, and those that they fulfil by accident.
func (s *set) logins() {
	for i := range s.entries {
		e := &s.entries[i]
		if !e.known || e.parts.List != listExit || e.parts.Never {
			continue
		}
		name, fulfilled := e.ofUnset()
		switch {
		case name != "" && !fulfilled:
			s.tell(auidUnset, e.rule, "where containers are meant, leave the condition out",
				"it records people who log in to the node, and no container: there %s is unset", name)
		case name != "":
			s.tell(auidMatchesAll, e.rule, "where people are meant, add -F auid!=unset",
				"it takes containers and daemons too: their %s is unset, which is the greatest number", name)
		}
	}
}

// ofUnset returns the field whose conditions decide about processes of nobody who logged in, and what they decide. The name is empty where no
// condition is about that.
func (e *entry) ofUnset() (name string, fulfilled bool) {
	for _, f := range e.parts.Fields {
		field := map[uint32]string{fieldAuid: "auid", fieldSession: "sessionid"}[f.Field]
		switch {
		case field == "":
		case !holds(unset, f.Op, f.Value):
			return field, false
		case isAbove(f):
			name, fulfilled = field, true
		}
	}
	return name, fulfilled
}

func isAbove(f rule.Part) bool { return f.Op == opGreater || f.Op == opGreaterEqual }
