package sink

import (
	"context"
	"errors"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Writer is one destination. It is used by one goroutine at a time.
type Writer interface {
	// Write delivers the events in their order. Without an error the destination has all of them, as durably as it keeps anything. After
	// an error the caller hands over the same slice again, or calls Close: the Writer knows how far it came, and no event arrives twice.
	// After an error made by Permanent nothing of the slice has been taken, and any other slice may follow. After Close every Write
	// returns an error made by Permanent.
	//
	// The slice and the events are the caller's: a Writer changes neither, and keeps neither when it returns. It returns soon after ctx
	// ends, where the destination lets it. No events are nothing to do.
	Write(ctx context.Context, events []*event.Event) error
	// Close makes what was written as durable as the destination can, and lets go of it. It is called once.
	Close() error
}

// Permanent marks an error that no retry will mend. It returns nil for nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err: err}
}

// IsPermanent says whether err, or an error that it wraps, was made by Permanent.
func IsPermanent(err error) bool {
	var permanent *permanentError
	return errors.As(err, &permanent)
}

// permanentError adds nothing to the words of the error that it marks.
type permanentError struct {
	err error
}

// Error returns the words of the marked error.
func (e *permanentError) Error() string {
	return e.err.Error()
}

// Unwrap returns the marked error.
func (e *permanentError) Unwrap() error {
	return e.err
}
