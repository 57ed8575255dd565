package cloudwatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// The limits of one call.
const (
	mostEntries = 10_000
	mostBytes   = 1 << 20 // of messages, each with overhead
	overhead    = 26
	mostSpan    = 24 * time.Hour
)

type entry struct {
	Timestamp int64  `json:"timestamp"` // milliseconds
	Message   string `json:"message"`

	place int // among the records of the call
}

// fit returns as many records, from the first on, as fit into one call, in the order of time that the service asks for.
func fit(records []export.Record) ([]entry, error) {
	var (
		call            []entry
		bytes           int
		first, lastTime = records[0].Time, records[0].Time
	)
	for i := range records {
		record := &records[i]
		size := len(record.Body) + overhead
		if size > mostBytes && i == 0 {
			return nil, export.Refuse(fmt.Errorf("an event of %d bytes: CloudWatch takes at most %d", len(record.Body), mostBytes-overhead))
		}
		if record.Time.Before(first) {
			first = record.Time
		}
		if record.Time.After(lastTime) {
			lastTime = record.Time
		}
		if bytes+size > mostBytes || i == mostEntries || lastTime.Sub(first) >= mostSpan {
			break
		}
		bytes += size
		call = append(call, entry{Timestamp: record.Time.UnixMilli(), Message: record.Body, place: i})
	}
	slices.SortStableFunc(call, func(a, b entry) int { return int(min(max(a.Timestamp-b.Timestamp, -1), 1)) })
	return call, nil
}

// old returns the places of what the service has refused: too old or too new for it, or older than what the group keeps.
func old(answer []byte, call []entry) ([]int, error) {
	var reply struct {
		Refused *struct {
			TooNewStart *int `json:"tooNewLogEventStartIndex"`
			TooOldEnd   *int `json:"tooOldLogEventEndIndex"`
			ExpiredEnd  *int `json:"expiredLogEventEndIndex"`
		} `json:"rejectedLogEventsInfo"`
	}
	if err := json.Unmarshal(answer, &reply); err != nil || reply.Refused == nil {
		return nil, nil //nolint:nilerr // it says 200, and has refused nothing that is said
	}
	from, to := 0, len(call)
	var why []error
	if end := reply.Refused.TooOldEnd; end != nil {
		from, why = max(from, *end), append(why, errors.New("CloudWatch takes no event that is older than 14 days"))
	}
	if end := reply.Refused.ExpiredEnd; end != nil {
		from, why = max(from, *end), append(why, errors.New("an event is older than what the log group keeps"))
	}
	if start := reply.Refused.TooNewStart; start != nil {
		to, why = min(to, *start), append(why, errors.New("CloudWatch takes no event that is 2 hours ahead of its clock: see the clock of the node"))
	}
	var places []int
	for i, each := range call {
		if i < from || i >= to {
			places = append(places, each.place)
		}
	}
	return places, errors.Join(why...)
}
