package event

import "strconv"

// ID is a number that a record may lack: a user, a group, a session, a process. The zero value is absent, so that a forgotten field never
// reads as root. JSON forms leave out an absent one.
type ID struct {
	number  uint32
	present bool
}

// NewID returns an ID that is present.
func NewID(number uint32) ID {
	return ID{number: number, present: true}
}

// Get returns the number and whether there is one.
func (id ID) Get() (number uint32, present bool) {
	return id.number, id.present
}

// Is says whether the number is there and equals n.
func (id ID) Is(n uint32) bool {
	return id == NewID(n)
}

// IsZero says whether the number is absent.
func (id ID) IsZero() bool {
	return !id.present
}

// String returns the number in decimal, or nothing.
func (id ID) String() string {
	if !id.present {
		return ""
	}
	return strconv.FormatUint(uint64(id.number), 10)
}

// MarshalJSON returns the number, or null.
func (id ID) MarshalJSON() ([]byte, error) {
	if !id.present {
		return []byte("null"), nil
	}
	return strconv.AppendUint(nil, uint64(id.number), 10), nil
}

// UnmarshalJSON reads a number, or null.
func (id *ID) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*id = ID{}
		return nil
	}
	number, err := strconv.ParseUint(string(text), 10, 32)
	if err != nil {
		return err
	}
	*id = NewID(uint32(number))
	return nil
}
