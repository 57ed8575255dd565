package event

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// AppendLine appends the native JSON form of the event and a line feed. The form has no other line feed. Text that is not UTF-8 has U+FFFD
// in place of what JSON cannot carry; Records have it exactly.
func AppendLine(line []byte, e *Event) ([]byte, error) {
	form, err := marshal(e)
	if err != nil {
		return line, fmt.Errorf("encoding event %d: %w", e.Serial, err)
	}
	return append(append(line, form...), '\n'), nil
}

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
