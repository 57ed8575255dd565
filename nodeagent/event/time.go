package event

import (
	"fmt"
	"time"
)

const daySeconds = 24 * 60 * 60

// appendTime appends RFC 3339 with all three digits of the kernel's milliseconds, so that lines sort by it as text.
func appendTime(b []byte, t time.Time) ([]byte, error) {
	seconds := t.Unix()
	day, rest := seconds/daySeconds, seconds%daySeconds
	if rest < 0 {
		day, rest = day-1, rest+daySeconds
	}
	year, month, dayOfMonth := date(day)
	if year < 0 || year > 9999 {
		return nil, fmt.Errorf("RFC 3339 has no year %d", year)
	}
	b = pair(pair(b, year/100), year%100)
	b = pair(append(b, '-'), month)
	b = pair(append(b, '-'), dayOfMonth)
	b = pair(append(b, 'T'), int(rest/3600))
	b = pair(append(b, ':'), int(rest/60%60))
	b = pair(append(b, ':'), int(rest%60))
	milliseconds := t.Nanosecond() / 1e6
	return append(pair(append(b, '.'), milliseconds/10), '0'+byte(milliseconds%10), 'Z'), nil
}

// date returns the date in the Gregorian calendar of a day since 1970. It counts years from March and in cycles of 400, in which leap days
// stand at the end; see https://howardhinnant.github.io/date_algorithms.html#civil_from_days.
func date(day int64) (year, month, dayOfMonth int) {
	const cycle = 146097 // days of 400 years
	day += 719468        // from 0000-03-01
	era := day / cycle
	if day < 0 {
		era = (day - cycle + 1) / cycle
	}
	inEra := day - era*cycle
	yearOfEra := (inEra - inEra/1460 + inEra/36524 - inEra/(cycle-1)) / 365
	dayOfYear := inEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	fromMarch := (5*dayOfYear + 2) / 153
	year, month = int(yearOfEra+era*400), int(fromMarch)+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, int(dayOfYear-(153*fromMarch+2)/5) + 1
}

// pair appends two digits.
func pair(b []byte, n int) []byte {
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}
