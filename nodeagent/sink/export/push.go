package export

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// push is what exporterhelper calls with a batch, and again with what an error has left of it.
func (s *Sink) push(ctx context.Context, logs plog.Logs) error {
	s.pushing.Lock()
	defer s.pushing.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	if s.yield(logs, nil) {
		return nil
	}
	err := s.deliver(ctx, logs)
	switch {
	case err == nil:
		if s.tally.succeeded() {
			s.options.Log.Info("a sink takes events again", "sink", s.options.Name)
		}
	case s.closing.Err() == nil:
		if s.tally.failed(s.words(err)) {
			s.options.Log.Warn("a sink does not take events: they wait in its queue", "sink", s.options.Name, "err", s.words(err))
		}
		if s.yield(logs, err) {
			return nil
		}
	}
	return err
}

// deliver hands over what it can. An error carries the records that are left.
func (s *Sink) deliver(ctx context.Context, logs plog.Logs) error {
	count := logs.LogRecordCount()
	err := s.attempt(ctx, logs)
	if some := (*incomplete)(nil); errors.As(err, &some) {
		return s.without(ctx, logs, some)
	}
	taken := 0
	if stopped := (*partial)(nil); errors.As(err, &stopped) {
		taken, err = stopped.taken, stopped.error
	}
	if err == nil {
		taken = count
	}
	s.tally.wrote(logs, taken, s.started)
	switch {
	case err == nil:
		return nil
	case taken > 0:
		rest := part(logs, taken, count)
		if refused(err) {
			return s.deliver(ctx, rest)
		}
		return consumererror.NewLogs(err, rest)
	case refused(err) && count == 1:
		s.tally.refuse(logs, s.started, "an event was given up: "+s.words(err))
		return nil
	case refused(err):
		return s.halve(ctx, logs, count/2)
	default:
		return consumererror.NewLogs(err, logs)
	}
}

// without counts what was taken and what was refused, and delivers the rest where nothing else stopped it.
func (s *Sink) without(ctx context.Context, logs plog.Logs, some *incomplete) error {
	refused := func(at int) bool { return slices.Contains(some.places, at) }
	s.tally.refuse(pick(logs, refused), s.started, fmt.Sprintf("%d events were given up: %s", len(some.places), s.words(some.why)))
	kept := pick(logs, func(at int) bool { return at < some.taken && !refused(at) })
	s.tally.wrote(kept, kept.LogRecordCount(), s.started)
	rest := part(logs, some.taken, logs.LogRecordCount())
	switch {
	case some.err != nil:
		return consumererror.NewLogs(some.err, rest)
	case rest.LogRecordCount() > 0:
		return s.deliver(ctx, rest)
	default:
		return nil
	}
}

// halve finds the records that are refused, and takes no other with them.
func (s *Sink) halve(ctx context.Context, logs plog.Logs, half int) error {
	first, second := part(logs, 0, half), part(logs, half, logs.LogRecordCount())
	err := s.deliver(ctx, first)
	if left := (consumererror.Logs{}); errors.As(err, &left) {
		rest := left.Data()
		second.ResourceLogs().MoveAndAppendTo(rest.ResourceLogs())
		return consumererror.NewLogs(errors.Unwrap(left), rest)
	}
	return s.deliver(ctx, second)
}

// attempt pushes once, to a destination that it opens where there is none, or none with the present secrets.
func (s *Sink) attempt(ctx context.Context, logs plog.Logs) error {
	target := s.current()
	if s.destination != nil && (s.opened.Opener != target.Opener || s.version != target.Opener.Version()) {
		_ = s.destination.Close() // what it was given it has taken
		s.destination = nil
	}
	if s.destination == nil {
		destination, err := target.Opener.Open(ctx)
		if err != nil {
			return err
		}
		s.destination, s.opened, s.version = destination, target, target.Opener.Version()
	}
	err := s.destination.Push(ctx, logs)
	if opener, is := target.Opener.(Failer); is && err != nil {
		opener.Failed()
	}
	return err
}

// words are what people read of an error of a push.
func (s *Sink) words(err error) string { return s.current().Words(err) }
