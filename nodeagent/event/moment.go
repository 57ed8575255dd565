package event

import "time"

// Moment is a time in milliseconds since 1970, and 0 where there is none. Its JSON form is that of an event's time.
type Moment int64

// MomentOf returns the Moment of a time, which may be zero.
func MomentOf(t time.Time) Moment {
	if t.IsZero() {
		return 0
	}
	return Moment(t.UnixMilli())
}

// Time returns the time, in UTC. It is zero where there is none.
func (m Moment) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// MarshalJSON returns RFC 3339 with three decimals.
func (m Moment) MarshalJSON() ([]byte, error) {
	b, err := appendTime([]byte{'"'}, m.Time())
	if err != nil {
		return nil, err
	}
	return append(b, '"'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Moment) UnmarshalJSON(text []byte) error {
	var t time.Time
	if err := t.UnmarshalJSON(text); err != nil {
		return err
	}
	*m = MomentOf(t)
	return nil
}

// member appends the member start. A time that JSON has no form for, in another age than any process, is left out.
func (m Moment) member(b []byte) []byte {
	if m == 0 {
		return b
	}
	with, err := appendTime(append(b, `,"start":"`...), m.Time())
	if err != nil {
		return b
	}
	return append(with, '"')
}
