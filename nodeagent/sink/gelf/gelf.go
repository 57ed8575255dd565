// Package gelf sends events to Graylog and others that take GELF 1.1: over UDP, packed and in chunks, or over TCP or TLS, each ended by a zero byte.
//
// Records come in, messages go out. GELF acknowledges nothing: what is lost on the way nobody can tell.
package gelf

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

const (
	// smallChunk fits into a packet on any way, largeChunk is what receivers take at most; mostChunks is the protocol's own bound.
	// https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
	smallChunk = 1420
	largeChunk = 8192
	chunkHead  = 12
	mostChunks = 128
	// informational is the level of each message.
	informational = 6
)

// Options are how to send.
type Options struct {
	// Address is host and port.
	Address string
	// UDP sends packets. Otherwise there is a kept connection.
	UDP bool
	// TLS is how to speak TLS on the connection. Nil: not at all.
	TLS *dial.TLS
	// Dial makes connections. Nil: any may be made.
	Dial dial.Func
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	if options.UDP {
		return &packets{dial.Packets{Address: options.Address, Dial: options.Dial}}, nil
	}
	s := &stream{dial.Stream{Address: options.Address, Dial: options.Dial}}
	if options.TLS != nil {
		config, err := options.TLS.Config()
		if err != nil {
			return nil, err
		}
		s.TLS = config
	}
	return s, nil
}

type stream struct{ dial.Stream }

// Push is export.Destination.Push.
func (s *stream) Push(ctx context.Context, logs plog.Logs) error {
	var messages []byte
	for _, record := range export.Records(logs) {
		message, err := form(&record)
		if err != nil {
			return err
		}
		messages = append(append(messages, message...), 0)
	}
	return s.Send(ctx, messages)
}

// form is the message. The names of further fields begin with an underscore.
func form(record *export.Record) ([]byte, error) {
	message := map[string]any{
		"version": "1.1", "host": record.Node, "level": informational,
		"timestamp":     json.Number(fmt.Sprintf("%d.%03d", record.Time.Unix(), record.Time.Nanosecond()/1e6)),
		"short_message": strings.TrimSpace("audit " + record.Type + " " + strings.Join(record.Keys, ",")),
		"full_message":  record.Body,
	}
	if record.Node == "" {
		message["host"] = "unknown" // GELF wants one
	}
	for name, value := range record.Fields() {
		message["_"+strings.Map(fieldRune, name)] = value
	}
	text, err := json.Marshal(message)
	if err != nil {
		return nil, export.Refuse(fmt.Errorf("encoding for GELF: %w", err))
	}
	return text, nil
}

// fieldRune leaves the characters that names of fields may have.
func fieldRune(r rune) rune {
	if r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return '_'
}

type packets struct{ dial.Packets }

// Push is export.Destination.Push.
func (p *packets) Push(ctx context.Context, logs plog.Logs) error {
	if err := p.Open(ctx); err != nil {
		return err
	}
	for i, record := range export.Records(logs) {
		if err := p.one(&record); err != nil {
			return export.Taken(i, err)
		}
	}
	return nil
}

func (p *packets) one(record *export.Record) error {
	message, err := form(record)
	if err != nil {
		return err
	}
	list, err := chunks(packed(message))
	if err != nil {
		return export.Refuse(err)
	}
	for _, chunk := range list {
		if err := p.Send(chunk); err != nil {
			return err
		}
	}
	return nil
}

func packed(message []byte) []byte {
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, _ = writer.Write(message) // a buffer takes everything
	_ = writer.Close()
	return buffer.Bytes()
}

// chunks cuts a message into packets, as small ones as the protocol's bound on their number allows.
func chunks(message []byte) ([][]byte, error) {
	if len(message) <= smallChunk {
		return [][]byte{message}, nil
	}
	room := smallChunk - chunkHead
	if len(message) > room*mostChunks {
		room = largeChunk - chunkHead
	}
	count := (len(message) + room - 1) / room
	if count > mostChunks {
		return nil, fmt.Errorf("%d bytes are more than %d packets of GELF can carry: send over TCP", len(message), mostChunks)
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // it never fails
	list := make([][]byte, 0, count)
	for i := range count {
		part := message[i*room : min((i+1)*room, len(message))]
		chunk := append([]byte{0x1e, 0x0f}, id[:]...)
		list = append(list, append(append(chunk, byte(i), byte(count)), part...))
	}
	return list, nil
}
