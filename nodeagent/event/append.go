package event

import "time"

// AppendText appends a JSON string. In place of what is not UTF-8 it has U+FFFD.
func AppendText(b []byte, s string) []byte { return appendText(b, s) }

// AppendTime appends RFC 3339 in UTC with three digits of milliseconds. Years that RFC 3339 cannot write are an error; b is returned then.
func AppendTime(b []byte, t time.Time) ([]byte, error) {
	with, err := appendTime(b, t)
	if err != nil {
		return b, err
	}
	return with, nil
}
