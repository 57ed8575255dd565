// Package syslog sends events to syslog receivers: RFC 5424 or RFC 3164, over UDP, TCP with counted octets (RFC 6587) or TLS (RFC 5425).
//
// Records come in, messages on one kept connection go out. The protocol acknowledges nothing: what a connection had taken when its receiver went is
// lost, and nobody can tell how much that is.
package syslog

import (
	"context"
	"errors"
	"fmt"
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
		return &packets{form: f, Packets: dial.Packets{Address: options.Address, Dial: options.Dial}}, nil
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
	dial.Packets
}

// Push is export.Destination.Push.
func (p *packets) Push(ctx context.Context, logs plog.Logs) error {
	if err := p.Open(ctx); err != nil {
		return err
	}
	var message []byte
	for i, record := range export.Records(logs) {
		message = p.message(message[:0], &record)
		err := p.Send(message)
		if errors.Is(err, syscall.EMSGSIZE) {
			err = export.Refuse(fmt.Errorf("%d bytes are more than a packet can carry: send over TCP: %w", len(message), err))
		}
		if err != nil {
			return export.Taken(i, err)
		}
	}
	return nil
}
