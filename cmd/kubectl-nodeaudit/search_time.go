package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// moment reads a time of -ts or -te in the time zone of now. Where a text has no date it is today's; where it has no time it is midnight, and for
// -te now's, as in ausearch.
func moment(text string, now time.Time, isEnd bool) (time.Time, error) {
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch text {
	case "now":
		return now, nil
	case "recent":
		return now.Add(-10 * time.Minute), nil
	case "today":
		if isEnd {
			return now, nil
		}
		return midnight, nil
	case "yesterday":
		return midnight.AddDate(0, 0, -1), nil
	case "this-week":
		return midnight.AddDate(0, 0, -int(now.Weekday())), nil
	case "week-ago":
		return midnight.AddDate(0, 0, -7), nil
	case "this-month":
		return midnight.AddDate(0, 0, 1-now.Day()), nil
	case "this-year":
		return midnight.AddDate(0, 0, 1-now.YearDay()), nil
	case "boot":
		return bootTime()
	case "checkpoint":
		return time.Time{}, fmt.Errorf("checkpoint is not known here: name the time from which on to search")
	}
	return written(text, now, midnight, isEnd)
}

// clocks and dates are the forms of times and dates.
var (
	clocks = []string{"15:04:05", "15:04"}
	dates  = []string{"2006-01-02", "01/02/2006", "1/2/2006", "01/02/06"}
)

// written reads a time that is no word.
func written(text string, now, midnight time.Time, isEnd bool) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, date := range dates {
		if day, err := time.ParseInLocation(date, text, now.Location()); err == nil {
			if isEnd {
				return day.Add(now.Sub(midnight)), nil
			}
			return day, nil
		}
		for _, clock := range clocks {
			for _, between := range []string{" ", "T"} {
				if at, err := time.ParseInLocation(date+between+clock, text, now.Location()); err == nil {
					return at, nil
				}
			}
		}
	}
	for _, clock := range clocks {
		if at, err := time.Parse(clock, text); err == nil {
			return time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), 0, now.Location()), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write recent, today, 15:04, 2006-01-02 or 2006-01-02T15:04:05, or see search --help", text)
}

// bootTime is when this machine started.
func bootTime() (time.Time, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, fmt.Errorf("asking when this machine started: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if seconds, ok := strings.CutPrefix(strings.TrimSpace(line), "btime "); ok {
			n, err := strconv.ParseInt(seconds, 10, 64)
			return time.Unix(n, 0), err
		}
	}
	return time.Time{}, fmt.Errorf("asking when this machine started: /proc/stat has no btime")
}
