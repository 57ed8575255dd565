package event

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// AppendLine appends the native JSON form of the event and a line feed. The form has no other line feed. Text that is not UTF-8 has U+FFFD
// in place of what JSON cannot carry; Records have it exactly.
func AppendLine(line []byte, e *Event) ([]byte, error) {
	if year := e.Time.Year(); year < 0 || year > 9999 {
		return line, fmt.Errorf("encoding event %d: RFC 3339 has no year %d", e.Serial, year)
	}
	form, err := marshal(timed{e.Time.UTC().Format(timeFormat), (*plain)(e)})
	if err != nil {
		return line, fmt.Errorf("encoding event %d: %w", e.Serial, err)
	}
	return append(append(line, form...), '\n'), nil
}

// timeFormat is RFC 3339 with all three digits of the kernel's milliseconds, so that lines sort by it as text.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// timed is an Event whose time has that form; it hides the field that it stands for.
type timed struct {
	Time string `json:"time"`
	*plain
}

type plain Event

// marshal is json.Marshal without the escapes for HTML, which would make paths and arguments unreadable.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}
