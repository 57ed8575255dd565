package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// source is the socket, opened again where it has failed.
type source struct {
	mu       sync.Mutex
	socket   *receive.Socket
	err      error
	overruns int64 // of sockets that are closed
	closed   bool
}

// reopen is the time until a socket that could not be opened is tried again.
const reopen = 10 * time.Second

func (s *source) open(log *slog.Logger) *receive.Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket != nil || s.closed {
		return s.socket
	}
	was := s.err
	s.socket, s.err = receive.Open()
	if s.err != nil && (was == nil || was.Error() != s.err.Error()) {
		log.Warn("no audit events are received", "err", s.err)
	}
	return s.socket
}

// receive returns the next record. Its errors are os.ErrDeadlineExceeded, and others after which it may be called again.
func (s *source) receive(ctx context.Context, deadline time.Time, log *slog.Logger) (event.Record, error) {
	socket := s.open(log)
	if socket == nil {
		select {
		case <-ctx.Done():
		case <-time.After(reopen):
		}
		return event.Record{}, os.ErrDeadlineExceeded
	}
	record, err := socket.Receive(deadline)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		s.drop(err)
		if ctx.Err() == nil {
			log.Warn("reading audit events", "err", err)
		}
	}
	return record, err
}

// drop closes the socket after an error.
func (s *source) drop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == nil {
		return
	}
	s.overruns += s.socket.Overruns()
	s.socket.Close()
	s.socket, s.err = nil, err
}

// close closes the socket for good and wakes receive.
func (s *source) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.socket != nil {
		s.overruns += s.socket.Overruns()
		s.socket.Close()
		s.socket = nil
	}
}

// state returns how often the kernel found the socket full, and why nothing is received, if that is so.
func (s *source) state() (overruns int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == nil {
		return s.overruns, s.err
	}
	return s.overruns + s.socket.Overruns(), nil
}
