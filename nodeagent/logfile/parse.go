package logfile

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

var (
	errNoRecord = errors.New("this is no record of an audit log")
	errHeader   = errors.New("the record has no time and serial that can be read, as in audit(1700000000.123:42)")
)

// parse reads a line, and says whether there is something in it.
func (r *Reader) parse(text string, line *Line) bool {
	if node, rest, ok := nodeOf(text); ok {
		line.Node, text = node, rest
	}
	if name, data, ok := auditd(text); ok {
		r.setRecord(line, name, data)
		return true
	}
	if isEmpty(text) {
		return false
	}
	switch {
	case text[0] == '{':
		r.parseJSON(text, line)
	case r.parseKernel(text, line):
	case r.parseSyslog(text, line):
	default:
		setBroken(line, text)
	}
	return true
}

// nodeOf cuts `node=NAME `, which auditd writes where it is told to name the machine (name_format).
func nodeOf(text string) (node, rest string, ok bool) {
	const name = "node="
	if len(text) <= len(name) || text[0] != 'n' || text[:len(name)] != name {
		return "", "", false
	}
	return strings.Cut(text[len(name):], " ")
}

// auditd reads `type=NAME msg=audit(…): …`.
func auditd(text string) (name, data string, ok bool) {
	const kind, message = "type=", "msg="
	if len(text) < len(kind)+len(message) || text[:len(kind)] != kind {
		return "", "", false
	}
	end := len(kind)
	for end < len(text) && text[end] != ' ' {
		end++
	}
	name = text[len(kind):end]
	if name == "" || len(text)-end < 1+len(message) || text[end+1:end+1+len(message)] != message {
		return "", "", false
	}
	return name, text[end+1+len(message):], true
}

// isEmpty says whether a line says nothing: empty ones, remarks, and what ausearch writes between events.
func isEmpty(text string) bool {
	text = strings.TrimRight(text, " \t\r")
	return text == "" || text[0] == '#' || text == "----" || strings.HasPrefix(text, "time->")
}

// setRecord sets the record. A name that has no number stays a name.
func (r *Reader) setRecord(line *Line, name, data string) {
	line.Record.Data = data
	var known bool
	if line.Record.Type, known = event.TypeNumber(name); !known || line.Record.Type == 0 {
		line.Record.TypeName = name
	}
	if _, ok := r.headers.Parse(data); !ok {
		line.Err = errHeader
	}
}

func setBroken(line *Line, text string) {
	line.Record = event.Record{TypeName: BrokenType, Data: text}
	line.Err = errNoRecord
}

// parseKernel reads the records that the kernel writes to its own log: `… audit: type=1400 audit(1700000000.123:42): …`.
func (r *Reader) parseKernel(text string, line *Line) bool {
	_, after, _ := strings.Cut(text, "type=")
	digits, data, ok := strings.Cut(after, " ")
	number, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil || !strings.HasPrefix(data, "audit(") {
		return false
	}
	r.setRecord(line, event.TypeName(uint16(number)), data)
	return true
}

// parseSyslog reads what a plugin of auditd sends to syslog: a prefix of that, then the line as auditd has it.
func (r *Reader) parseSyslog(text string, line *Line) bool {
	start := strings.Index(text, " type=")
	if start < 0 {
		return false
	}
	if before := strings.LastIndex(text[:start], " node="); before >= 0 {
		line.Node = text[before+len(" node=") : start]
	}
	name, data, ok := auditd(text[start+1:])
	if ok {
		r.setRecord(line, name, data)
	}
	return ok
}

// parseJSON reads an event of the agent, or an entry of `journalctl -o json`.
func (r *Reader) parseJSON(text string, line *Line) {
	if strings.HasPrefix(text, `{"time":`) {
		e := &event.Event{}
		if err := json.Unmarshal([]byte(text), e); err == nil && len(e.Records) > 0 {
			line.Event = e
			return
		}
	}
	var entry journalEntry
	if err := json.Unmarshal([]byte(text), &entry); err != nil || !r.setEntry(line, entry) {
		setBroken(line, text)
	}
}
