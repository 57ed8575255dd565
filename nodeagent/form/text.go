package form

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// appendPeople appends one line for people, built as Falco builds its own: when, how grave, which rule, who did what, and in parentheses the
// names and numbers to look further. It has no byte that a terminal obeys.
func appendPeople(b []byte, e *event.Event) ([]byte, error) {
	a := activityOf(e)
	b, err := event.AppendTime(b, e.Time)
	if err != nil {
		return b, err
	}
	b = append(append(b, ": "...), severities[severityOf(a, e)].word...)
	for i, key := range e.Keys {
		b = word(append(b, " ,"[min(i, 1)]), "", key)
	}
	b = appendSentence(append(b, ": "...), a, e)
	return append(appendDetails(append(b, " ("...), e), ')', '\n'), nil
}

// appendSentence says who did what, and where.
func appendSentence(b []byte, a *activity, e *event.Event) []byte {
	b = appendActor(b, e)
	if e.Result == event.ResultFailure {
		b = append(b, " failed:"...)
	}
	b = append(append(b, ' '), a.verb...)
	if a == &otherCall {
		b = word(b, " ", e.Syscall)
	} else if a == &otherRecord {
		b = word(b, ": ", e.Type)
	}
	b = appendSubject(b, a, e)
	if e.Errno != "" {
		b = append(append(append(b, " ("...), e.Errno...), ')')
	}
	return appendWhere(b, e)
}

// appendActor says who: the user who logged in, whom the process acts as where that is another, and the program.
func appendActor(b []byte, e *event.Event) []byte {
	before := len(b)
	person, acting := nameOr(e.AUIDName, e.AUID), nameOr(e.EUIDName, e.EUID)
	if acting == "" {
		acting = nameOr(e.UIDName, e.UID)
	}
	if person == "" {
		person, acting = acting, ""
	}
	if person != "" {
		b = word(b, userWord(person), person)
	}
	if acting != "" && acting != person {
		b = append(word(b, " (as ", acting), ')')
	}
	program := programName(e)
	if program != "" && len(b) > before {
		b = append(b, " with "...)
	}
	b = word(b, "", program)
	if len(b) == before && strings.HasPrefix(e.Type, ownTypes) {
		b = append(b, "nodeaudit"...)
	}
	if len(b) == before {
		b = append(b, "the kernel"...)
	}
	return b
}

// userWord stands before a user that has no name here.
func userWord(user string) string {
	if user[0] >= '0' && user[0] <= '9' {
		return "user "
	}
	return ""
}

// nameOr is the name, and the number where there is none.
func nameOr(name string, id event.ID) string {
	if name != "" {
		return name
	}
	return id.String()
}

// appendSubject says to what.
func appendSubject(b []byte, a *activity, e *event.Event) []byte {
	switch a.object {
	case fileObject:
		p, result := files(e)
		if p == nil {
			return word(b, " ", moduleName(a, e))
		}
		b = word(b, " ", full(e, p.Name))
		if result != nil {
			b = word(b, " to ", full(e, result.Name))
		}
	case programObject:
		return appendProgram(b, e)
	case processObject:
		if t, known := targetOf(e); known {
			b = strconv.AppendUint(append(b, " process "...), uint64(t.pid), 10)
			b = word(b, " ", t.name)
		}
	case socketObject:
		return appendAddress(b, e.Socket)
	case accountObject, groupObject:
		return appendAccount(b, a, e)
	case serviceObject:
		b = word(b, " ", firstOf(e.Fields, []string{"unit"}))
	case noObject:
		b = word(b, " ", firstOf(e.Fields, []string{"cmd", "op", "sw", "place", "route"}))
	}
	return b
}

func moduleName(a *activity, e *event.Event) string {
	if a.class != kernelExtensionActivity {
		return ""
	}
	return moduleOf(e)
}

func appendProgram(b []byte, e *event.Event) []byte {
	if len(e.Args) == 0 {
		if p, _ := files(e); p != nil {
			return word(b, " ", full(e, p.Name))
		}
		return word(b, " ", e.Proctitle)
	}
	for _, arg := range e.Args {
		b = quoted(append(b, ' '), arg)
	}
	return b
}

func appendAddress(b []byte, s *event.Socket) []byte {
	if s == nil {
		return b
	}
	b = append(word(b, " ", s.Family), ':')
	b = word(b, "", s.Address)
	b = word(b, "", s.Path)
	if s.Port != 0 {
		b = strconv.AppendUint(append(b, ':'), uint64(s.Port), 10)
	}
	return b
}

func appendAccount(b []byte, a *activity, e *event.Event) []byte {
	name, id := accountOf(e, a.object)
	if name == "" {
		name = id
	}
	before := " "
	if a.class == authentication {
		before = " as "
	}
	b = word(b, before, name)
	address, host := remote(e)
	if address == "" {
		address = host
	}
	return word(b, " from ", address)
}

func appendWhere(b []byte, e *event.Event) []byte {
	w := &e.Who
	switch {
	case w.Pod != "":
		b = word(b, " in ", w.Namespace)
		b = word(b, "/", w.Pod)
		return word(b, "/", w.Container)
	case w.PodUID != "":
		return word(b, " in pod ", w.PodUID)
	case w.ContainerID != "":
		return word(b, " in container ", w.ContainerID[:min(12, len(w.ContainerID))])
	}
	return b
}

// word appends a value with what stands before it, and nothing where there is none.
func word(b []byte, before, value string) []byte {
	if value == "" {
		return b
	}
	return quoted(append(b, before...), value)
}

// quoted puts a value in quotes that could be taken for more than one word, or for a command to the terminal.
func quoted(b []byte, value string) []byte {
	for _, r := range value {
		if r == ' ' || r == '"' || r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return strconv.AppendQuote(b, value)
		}
	}
	if value == "" {
		return append(b, '"', '"')
	}
	return append(b, value...)
}
