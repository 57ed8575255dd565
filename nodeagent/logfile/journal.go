package logfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// journalEntry is what `journalctl -o json` writes of a record. journald takes the header apart, and writes the type before the text.
type journalEntry struct {
	Type    string `json:"_AUDIT_TYPE"`
	ID      string `json:"_AUDIT_ID"`
	Host    string `json:"_HOSTNAME"`
	Time    string `json:"_SOURCE_REALTIME_TIMESTAMP"`
	Message string `json:"MESSAGE"`
}

// setEntry puts the header together again.
func (r *Reader) setEntry(line *Line, e journalEntry) bool {
	kind, err := strconv.ParseUint(e.Type, 10, 16)
	if err != nil {
		return false
	}
	serial, err := strconv.ParseUint(e.ID, 10, 32)
	if err != nil {
		return false
	}
	microseconds, err := strconv.ParseUint(e.Time, 10, 63)
	if err != nil {
		return false
	}
	_, text, _ := strings.Cut(e.Message, " ")
	line.Node = e.Host
	r.setRecord(line, event.TypeName(uint16(kind)), fmt.Sprintf("audit(%d.%03d:%d): %s", microseconds/1e6, microseconds/1e3%1e3, serial, text))
	return true
}
