package dial

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// Stream is a connection that is kept: Send opens it where it is not open, and again where the receiver has ended it. It is used by one
// goroutine at a time.
type Stream struct {
	// Address is host and port.
	Address string
	// TLS is how to speak TLS. Nil: not at all.
	TLS *tls.Config
	// Dial makes the connection. Nil: any may be made.
	Dial Func

	conn net.Conn
	gone chan error // the receiver's last word, then closed
}

// probation is how long a new connection with TLS is watched before it is used. With TLS 1.3 a receiver refuses this side's certificate only after this
// side believes that the connection is made: what would be sent by then would be lost, again and again.
const probation = 300 * time.Millisecond

// Send writes all of data. After an error the connection is closed, and nobody knows how much of it the receiver has.
func (s *Stream) Send(ctx context.Context, data []byte) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	_, err := conn.Write(data)
	if !stop() || err != nil {
		s.end()
	}
	if err != nil {
		return fmt.Errorf("sending to %s: %w", s.Address, err)
	}
	return nil
}

// open connects, unless there is a connection of which the receiver has not said that it is over. Without that look the first batch after a
// restart of the receiver would go into a connection that nobody reads.
func (s *Stream) open(ctx context.Context) error {
	if s.conn != nil {
		select {
		case <-s.gone: //nolint:errcheck // why it has ended does not matter: the next one is made
			s.end()
		default:
			return nil
		}
	}
	conn, err := s.Dial.Connect(ctx, "tcp", s.Address, s.TLS)
	if err != nil {
		return err
	}
	s.conn, s.gone = conn, make(chan error, 1)
	go func(gone chan<- error) {
		defer close(gone)
		_, err := io.Copy(io.Discard, conn) // such receivers say nothing but the end
		gone <- err
	}(s.gone)
	if s.TLS == nil {
		return nil
	}
	select {
	case err := <-s.gone:
		s.end()
		return fmt.Errorf("connecting to %s: the receiver ended the connection: %w", s.Address, cmp.Or(err, io.EOF))
	case <-time.After(probation):
	case <-ctx.Done():
	}
	return nil
}

func (s *Stream) end() {
	if s.conn == nil {
		return
	}
	_ = s.conn.Close()
	for range s.gone { // until it is closed
		continue
	}
	s.conn = nil
}

// Close ends the connection. What was sent before is on its way.
func (s *Stream) Close() error {
	s.end()
	return nil
}
