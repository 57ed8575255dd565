// Package fluentd sends events to Fluentd, Fluent Bit and others that take the forward protocol.
//
// Records come in, one message with all of them goes out, and the receiver's acknowledgement counts. The protocol is IBM's fluent-forward-go.
package fluentd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/IBM/fluent-forward-go/fluent/client"
	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// Options are how to send.
type Options struct {
	// Address is host and port.
	Address string
	// Tag is that of each event.
	Tag string
	// SharedKey is what the receiver asks for. Empty: nothing.
	SharedKey []byte
	// Node is the name that this side gives in the handshake.
	Node string
	// WithoutAck does not wait for acknowledgements.
	WithoutAck bool
	// TLS is how to speak TLS. Nil: not at all.
	TLS *dial.TLS
	// Dial makes connections. Nil: any may be made.
	Dial dial.Func
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	if len(options.SharedKey) == 0 {
		options.SharedKey = nil // which is how the client tells that there is none
	}
	f := &forward{options: options}
	if options.TLS != nil {
		config, err := options.TLS.Config()
		if err != nil {
			return nil, err
		}
		f.tls = config
	}
	return f, nil
}

type forward struct {
	options Options
	tls     *tls.Config
	client  *client.Client
	conn    net.Conn
}

// Push is export.Destination.Push.
func (f *forward) Push(ctx context.Context, logs plog.Logs) error {
	if err := f.open(ctx); err != nil {
		return err
	}
	conn := f.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the client sets deadlines of its own
	defer stop()
	records := export.Records(logs)
	entries := make(protocol.EntryList, 0, len(records))
	for i := range records {
		entries = append(entries, protocol.EntryExt{Timestamp: protocol.EventTime{Time: records[i].Time}, Record: fields(&records[i])})
	}
	message, err := protocol.NewPackedForwardMessage(f.options.Tag, entries)
	if err != nil {
		return export.Refuse(fmt.Errorf("encoding for the forward protocol: %w", err))
	}
	if err := f.client.Send(message); err != nil {
		_ = f.Close()
		return fmt.Errorf("sending to %s: %w", f.options.Address, orCause(ctx, err))
	}
	if !f.options.WithoutAck {
		dial.Answered(ctx, "it acknowledged the event")
	}
	return nil
}

// fields is the record as the receiver sees it: the event's form as `log`, as from Docker's own driver, and what is known of it.
func fields(record *export.Record) map[string]any {
	all := map[string]any{"log": record.Body}
	for name, value := range record.Fields() {
		all[name] = value
	}
	return all
}

func (f *forward) open(ctx context.Context) error {
	if f.client != nil {
		return nil
	}
	conn, err := f.options.Dial.Connect(ctx, "tcp", f.options.Address, f.tls)
	if err != nil {
		return err
	}
	timeout := time.Minute
	if end, has := ctx.Deadline(); has {
		timeout = time.Until(end)
	}
	c := client.New(client.ConnectionOptions{
		Factory: given{conn}, RequireAck: !f.options.WithoutAck, ConnectionTimeout: timeout, AuthInfo: client.AuthInfo{SharedKey: f.options.SharedKey},
	})
	c.Hostname = f.options.Node
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	err = c.Connect()
	if err == nil && len(f.options.SharedKey) > 0 {
		err = c.Handshake()
	}
	if err != nil {
		_ = conn.Close()
		return fmt.Errorf("logging in at %s: %w: see whether both sides have the same shared key", f.options.Address, orCause(ctx, err))
	}
	f.client, f.conn = c, conn
	return nil
}

// orCause says that the time is over rather than that the connection was closed, which this side did then.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Close is export.Destination.Close.
func (f *forward) Close() error {
	if f.client == nil {
		return nil
	}
	_ = f.client.Disconnect() // it may be closed already
	f.client, f.conn = nil, nil
	return nil
}

// given is a connection that is there.
type given struct{ conn net.Conn }

// New is client.ConnectionFactory.New.
func (g given) New() (net.Conn, error) { return g.conn, nil }
