package fluentd_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"github.com/tinylib/msgp/msgp"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/fluentd"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver speaks the forward protocol as its specification says. No Fluentd was at hand.
type receiver struct {
	mu     sync.Mutex
	key    string
	silent int // batches that it takes without acknowledging, whose connections it ends
	logs   []string
	fields []map[string]any
	tags   []string
}

func listen(t *testing.T, r *receiver) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close() //nolint:errcheck // it was read
				_ = r.serve(conn)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return listener.Addr().String()
}

func (r *receiver) serve(conn net.Conn) error {
	reader, writer := msgp.NewReader(conn), msgp.NewWriter(conn)
	if r.key != "" {
		if err := r.greet(reader, writer); err != nil {
			return err
		}
	}
	for {
		var message protocol.PackedForwardMessage
		if err := message.DecodeMsg(reader); err != nil {
			return err
		}
		if r.take(&message) {
			return errors.New("without a word")
		}
		if message.Options != nil && message.Options.Chunk != "" {
			if err := (&protocol.AckMessage{Ack: message.Options.Chunk}).EncodeMsg(writer); err != nil {
				return err
			}
			if err := writer.Flush(); err != nil {
				return err
			}
		}
	}
}

// greet is the handshake: it knows the shared key, and so must the other side.
func (r *receiver) greet(reader *msgp.Reader, writer *msgp.Writer) error {
	nonce := []byte("nonce-of-a-test!")
	if err := protocol.NewHelo(&protocol.HeloOpts{Nonce: nonce, Auth: []byte{}, Keepalive: true}).EncodeMsg(writer); err != nil {
		return err
	}
	if err := writer.Flush(); err != nil {
		return err
	}
	var ping protocol.Ping
	if err := ping.DecodeMsg(reader); err != nil {
		return err
	}
	sum := sha512.New()
	for _, part := range [][]byte{ping.SharedKeySalt, []byte(ping.ClientHostname), nonce, []byte(r.key)} {
		sum.Write(part)
	}
	good := hex.EncodeToString(sum.Sum(nil)) == ping.SharedKeyHexDigest
	sum.Reset()
	for _, part := range [][]byte{ping.SharedKeySalt, []byte("server"), nonce, []byte(r.key)} {
		sum.Write(part)
	}
	pong := protocol.Pong{MessageType: "PONG", AuthResult: good, ServerHostname: "server", SharedKeyHexDigest: hex.EncodeToString(sum.Sum(nil))}
	if !good {
		pong.Reason, pong.SharedKeyHexDigest = "shared key mismatch", ""
	}
	if err := pong.EncodeMsg(writer); err != nil {
		return err
	}
	if err := writer.Flush(); err != nil || good {
		return err
	}
	return errors.New("mismatch")
}

func (r *receiver) take(message *protocol.PackedForwardMessage) (silent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var entries protocol.EntryList
	if _, err := entries.UnmarshalPacked(message.EventStream); err != nil {
		r.logs = append(r.logs, err.Error())
		return true
	}
	for _, entry := range entries {
		fields := entry.Record.(map[string]any)
		r.logs, r.fields, r.tags = append(r.logs, fields["log"].(string)), append(r.fields, fields), append(r.tags, message.Tag)
	}
	if r.silent > 0 {
		r.silent--
		return true
	}
	return false
}

func (r *receiver) lines() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines bytes.Buffer
	for _, log := range r.logs {
		lines.WriteString(log + "\n")
	}
	return lines.Bytes()
}

func open(options fluentd.Options) exporttest.Open {
	options.Tag, options.Node = "nodeaudit", "node-1"
	return func(context.Context) (export.Destination, error) { return fluentd.New(options) }
}

func TestContract(t *testing.T) {
	for name, key := range map[string]string{"open": "", "with a shared key": "swordfish"} {
		t.Run(name, func(t *testing.T) {
			exporttest.Contract(t, func(t *testing.T) (exporttest.Open, func() []byte) {
				r := &receiver{key: key}
				return open(fluentd.Options{Address: listen(t, r), SharedKey: []byte(key)}), r.lines
			})
		})
	}
}

func TestFieldsAndTag(t *testing.T) {
	r := &receiver{}
	s := exporttest.New(t, open(fluentd.Options{Address: listen(t, r)}))
	exporttest.Write(t, s, sinktest.Events(1))
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if r.tags[0] != "nodeaudit" || r.fields[0]["pod"] != "cart-0" || r.fields[0]["keys"] != "exec" || r.fields[0]["node"] != "node-1" {
		t.Errorf("%q %v", r.tags, r.fields)
	}
}

func TestABatchWithoutAcknowledgementIsSentAgain(t *testing.T) {
	r := &receiver{silent: 2}
	s := exporttest.New(t, open(fluentd.Options{Address: listen(t, r)}))
	exporttest.Write(t, s, sinktest.Events(5))
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if d := s.Delivery(); d.Written != 5 || d.Retries != 2 || len(r.logs) != 15 {
		t.Errorf("%d arrived: %+v", len(r.logs), d)
	}
}

func TestAWrongKeyLosesNothing(t *testing.T) {
	r := &receiver{key: "swordfish"}
	s := exporttest.New(t, open(fluentd.Options{Address: listen(t, r), SharedKey: []byte("haddock!")}))
	exporttest.Write(t, s, sinktest.Events(5))
	exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return strings.Contains(s.Delivery().LastError, "shared key") })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if len(r.logs) != 0 {
		t.Errorf("%d arrived", len(r.logs))
	}
}

func TestAReceiverThatNeverAcknowledgesHoldsABatchNoLongerThanItsTime(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn); _ = conn.Close() }()
		}
	}()
	destination, err := fluentd.New(fluentd.Options{Address: listener.Addr().String(), Tag: "x"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := destination.Push(ctx, exporttest.Logs(t, sinktest.Events(1))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	_ = destination.Close()
}
