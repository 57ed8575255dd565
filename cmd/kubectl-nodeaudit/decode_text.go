package main

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// appendText appends an event as one line for people: when, where, what, who, on what. It has no byte that a terminal obeys.
func appendText(line []byte, e *event.Event) ([]byte, error) {
	line = e.Time.UTC().AppendFormat(line, "2006-01-02T15:04:05.000Z")
	line = strconv.AppendUint(append(line, ' '), uint64(e.Serial), 10)
	line = word(line, " ", e.Node)
	if e.Who.Pod != "" {
		line = word(line, " ", e.Who.Namespace)
		line = word(line, "/", e.Who.Pod)
		line = word(line, "/", e.Who.Container)
	}
	line = word(line, " ", e.Type)
	line = word(line, " ", e.Syscall)
	line = word(line, " ", string(e.Result))
	line = word(line, " ", e.Errno)
	line = actor(line, e)
	line = objects(line, e)
	for i, key := range e.Keys {
		line = word(line, []string{" key=", ","}[min(i, 1)], key)
	}
	return append(line, '\n'), nil
}

// actor appends who did it.
func actor(line []byte, e *event.Event) []byte {
	line = word(line, " ", e.Comm)
	line = user(line, " pid=", e.PID, "")
	line = user(line, " uid=", e.UID, e.UIDName)
	if e.EUID != e.UID {
		line = user(line, " euid=", e.EUID, e.EUIDName)
	}
	line = user(line, " auid=", e.AUID, e.AUIDName)
	return word(line, " exe=", e.Exe)
}

func user(line []byte, before string, id event.ID, name string) []byte {
	if name == "" {
		name = id.String()
	}
	return word(line, before, name)
}

// objects appends what it was done to.
func objects(line []byte, e *event.Event) []byte {
	if len(e.Args) > 0 {
		for i, arg := range e.Args {
			line = quoted(append(line, []string{" args=", " "}[min(i, 1)]...), arg)
		}
	} else {
		line = word(line, " proctitle=", e.Proctitle)
	}
	line = word(line, " cwd=", e.CWD)
	for i := range e.Paths {
		line = word(line, " path=", e.Paths[i].Name)
		if e.Paths[i].Name != "" && e.Paths[i].Nametype != "NORMAL" {
			line = append(word(append(line, '('), "", e.Paths[i].Nametype), ')')
		}
	}
	if s := e.Socket; s != nil {
		line = word(line, " socket=", s.Family)
		line = word(line, ":", s.Address)
		line = word(line, ":", s.Path)
		if s.Port != 0 {
			line = strconv.AppendUint(append(line, ':'), uint64(s.Port), 10)
		}
	}
	for _, f := range e.Fields {
		value := f.Value
		if name, found := e.FieldNames.Get(f.Name); found {
			value = name
		}
		line = quoted(append(quoted(append(line, ' '), f.Name), '='), value)
	}
	return line
}

// word appends a value with what stands before it, and nothing where there is none.
func word(line []byte, before, value string) []byte {
	if value == "" {
		return line
	}
	return quoted(append(line, before...), value)
}

// quoted puts a value in quotes that could be taken for more than one word, or for a command to the terminal.
func quoted(line []byte, value string) []byte {
	for _, r := range value {
		if r == ' ' || r == '"' || r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return strconv.AppendQuote(line, value)
		}
	}
	if value == "" {
		return append(line, '"', '"')
	}
	return append(line, value...)
}
