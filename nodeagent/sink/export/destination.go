package export

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Destination is where records go. It is used by one goroutine at a time, but for Close, which may interrupt a Push.
type Destination interface {
	// Push delivers the records in their order. Without an error the destination has all of them, as far as its protocol tells. An error says
	// whose fault it is: Refuse, Throttle and Taken make those that are not simply tried again. It returns soon after ctx ends, and changes no
	// record.
	Push(ctx context.Context, logs plog.Logs) error
	// Close lets go of connections.
	Close() error
}

// Opener makes a Destination. It is safe for concurrent use.
type Opener interface {
	// Open reads secrets and prepares, or connects to, the destination.
	Open(ctx context.Context) (Destination, error)
	// Version differs when Open would use other secrets than before: the next Push goes to a Destination that was opened anew.
	Version() string
	// Redact takes the secrets out of a text.
	Redact(text string) string
}

// Failer is an Opener that is told of a push that failed: what it opens with may be old.
type Failer interface {
	// Failed says that a destination which it has opened did not take records.
	Failed()
}

// ErrRefused says that the destination will never take a record: it is too large for it, or not what it understands. A batch that is refused
// is halved until the record is alone; that one is given up and counted.
var ErrRefused = errors.New("refused")

// Refuse marks an error as the records' fault.
func Refuse(err error) error { return &refusal{err} }

type refusal struct{ error }

// Unwrap returns the marked error.
func (r *refusal) Unwrap() error { return r.error }

// Is makes errors.Is(err, ErrRefused) true.
func (r *refusal) Is(target error) bool { return target == ErrRefused }

// Throttle asks to wait at least this long before the next try.
func Throttle(err error, wait time.Duration) error { return exporterhelper.NewThrottleRetry(err, wait) }

// Taken says that the destination has the first n records and err stopped the rest.
func Taken(n int, err error) error {
	if n == 0 {
		return err
	}
	return &partial{error: err, taken: n}
}

type partial struct {
	error

	taken int
}

// TakenBut says that the destination has the first n records but those at the places, which it will never take because of why. err stopped the rest; nil
// where there is none.
func TakenBut(n int, places []int, why, err error) error {
	if len(places) == 0 {
		if err == nil {
			return nil
		}
		return Taken(n, err)
	}
	return &incomplete{why: why, err: err, taken: n, places: places}
}

type incomplete struct {
	why, err error
	taken    int
	places   []int
}

// Error says why records were refused, and what stopped the rest.
func (i *incomplete) Error() string {
	if i.err == nil {
		return i.why.Error()
	}
	return i.why.Error() + "; " + i.err.Error()
}

// Unwrap returns what stopped the rest.
func (p *partial) Unwrap() error { return p.error }

// refused says whether err is the records' fault. Exporters of the Collector mark that as permanent.
func refused(err error) bool {
	return errors.Is(err, ErrRefused) || consumererror.IsPermanent(err)
}
