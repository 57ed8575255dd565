// Package syslog sends events to syslog receivers: RFC 5424 or RFC 3164, over UDP, TCP with counted octets (RFC 6587) or TLS (RFC 5425).
//
// Records come in, messages on one kept connection go out. The protocol acknowledges nothing: what a connection had taken when its receiver went is
// lost, and nobody can tell how much that is.
package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// Protocol is how messages travel.
type Protocol int

const (
	// TCP counts octets.
	TCP Protocol = iota
	// UDP sends a packet for each message.
	UDP
	// TLS is TCP with TLS.
	TLS
)

// Options are how to send.
type Options struct {
	// Address is host and port.
	Address string
	// Protocol is how.
	Protocol Protocol
	// RFC3164 is the old form.
	RFC3164 bool
	// Facility is from 0 to 23.
	Facility int
	// AppName is the program in each message.
	AppName string
	// TLS is for the protocol TLS.
	TLS dial.TLS
	// Dial makes connections. Nil: any may be made.
	Dial dial.Func
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	format := rfc5424
	if options.RFC3164 {
		format = rfc3164
	}
	f := form{format: format, priority: options.Facility*8 + informational, app: options.AppName}
	if options.Protocol == UDP {
		return &packets{form: f, address: options.Address, dial: options.Dial}, nil
	}
	s := &stream{form: f, Stream: dial.Stream{Address: options.Address, Dial: options.Dial}}
	if options.Protocol == TLS {
		config, err := options.TLS.Config()
		if err != nil {
			return nil, err
		}
		s.TLS = config
	}
	return s, nil
}

// stream sends over TCP.
type stream struct {
	form
	dial.Stream
}

// Push is export.Destination.Push.
func (s *stream) Push(ctx context.Context, logs plog.Logs) error {
	var frames, message []byte
	for _, record := range export.Records(logs) {
		message = s.message(message[:0], &record)
		frames = strconv.AppendInt(frames, int64(len(message)), 10)
		frames = append(append(frames, ' '), message...)
	}
	return s.Send(ctx, frames)
}

// packets sends over UDP.
type packets struct {
	form

	address string
	dial    dial.Func
	conn    net.Conn
}

// Push is export.Destination.Push.
func (p *packets) Push(ctx context.Context, logs plog.Logs) error {
	if p.conn == nil {
		conn, err := p.dial.Connect(ctx, "udp", p.address, nil)
		if err != nil {
			return err
		}
		p.conn = conn
	}
	var message []byte
	for i, record := range export.Records(logs) {
		message = p.message(message[:0], &record)
		if _, err := p.conn.Write(message); err != nil {
			err = fmt.Errorf("sending to %s: %w", p.address, err)
			if errors.Is(err, syscall.EMSGSIZE) {
				err = export.Refuse(fmt.Errorf("%d bytes are more than a packet can carry: send over TCP: %w", len(message), err))
			} else {
				_ = p.Close() // the name may lead elsewhere by now
			}
			return export.Taken(i, err)
		}
	}
	return nil
}

// Close is export.Destination.Close.
func (p *packets) Close() error {
	if p.conn == nil {
		return nil
	}
	err := p.conn.Close()
	p.conn = nil
	return err
}
