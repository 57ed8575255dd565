package event

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Record is one audit record. It is a value: nothing in it refers to a buffer that is used again.
type Record struct {
	// Type is the kernel's number of the record's type, for example 1300.
	Type uint16
	// TypeName is the name of that type, for example SYSCALL, or UNKNOWN[1999]. It is valid after decoding.
	TypeName string
	// Data is the text of the record from `audit(` to its end, byte for byte as the kernel sent it.
	Data string
}

// Group is the records of one event in the order in which they came: those with the same time and serial. Who hands a group to a function
// keeps its slice and may use it again when the function has returned; the records themselves are values and may be kept.
type Group struct {
	// Time is the kernel's time of the event, in milliseconds.
	Time time.Time
	// Serial is the kernel's number of the event. It starts again after 4294967295.
	Serial uint32
	// Records are the records without the one that marks the end (EOE).
	Records []Record
}

// recordJSON is the JSON form of a Record. JSON cannot carry text that is not UTF-8; such a record is in Base64.
type recordJSON struct {
	Type   string `json:"type"`
	Data   string `json:"data,omitempty"`
	Base64 string `json:"base64,omitempty"`
}

// MarshalJSON returns the record with its type's name and its data.
func (r Record) MarshalJSON() ([]byte, error) {
	return appendRecord(nil, &r), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. Type, the number, is not in the JSON form and stays 0.
func (r *Record) UnmarshalJSON(text []byte) error {
	var form recordJSON
	if err := json.Unmarshal(text, &form); err != nil {
		return err
	}
	*r = Record{TypeName: form.Type, Data: form.Data}
	if form.Base64 == "" {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(form.Base64)
	if err != nil {
		return fmt.Errorf("decoding a record of type %s: %w", form.Type, err)
	}
	r.Data = string(data)
	return nil
}
