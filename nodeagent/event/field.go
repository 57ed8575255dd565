package event

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Field is a field of a record that has no place of its own in an Event, or what one means.
type Field struct {
	// Name is the name that the record gives it.
	Name string
	// Value is its text.
	Value string
}

// Fields are fields in the order in which the records have them. Their JSON form is an object; no name is there twice.
type Fields []Field

// Get returns the value of the field with this name, and whether there is one.
func (f Fields) Get(name string) (value string, found bool) {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value, true
		}
	}
	return "", false
}

// MarshalJSON returns an object with the fields in their order.
func (f Fields) MarshalJSON() ([]byte, error) {
	return appendFields(nil, f), nil
}

// UnmarshalJSON reads an object and keeps its order.
func (f *Fields) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*f = nil
		return nil
	}
	tokens := json.NewDecoder(bytes.NewReader(text))
	if start, err := tokens.Token(); err != nil || start != json.Delim('{') {
		return fmt.Errorf("decoding fields: want an object, got %.20s", text)
	}
	var all Fields
	for tokens.More() {
		name, err := tokens.Token()
		if err != nil {
			return fmt.Errorf("decoding fields: %w", err)
		}
		var value string
		if err := tokens.Decode(&value); err != nil {
			return fmt.Errorf("decoding field %v: %w", name, err)
		}
		all = append(all, Field{Name: name.(string), Value: value})
	}
	*f = all
	return nil
}
