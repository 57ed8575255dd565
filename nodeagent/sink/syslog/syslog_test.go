package syslog_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leodido/go-syslog/v4/rfc3164"
	"github.com/leodido/go-syslog/v4/rfc5424"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/syslog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver reads counted octets and keeps the messages.
type receiver struct {
	mu       sync.Mutex
	messages []string
	conns    int
	open     int
	bad      error
}

func listen(t *testing.T, config *tls.Config) (*receiver, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	r := &receiver{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns++
			r.open++
			r.mu.Unlock()
			all.Go(func() {
				r.read(conn)
				r.mu.Lock()
				defer r.mu.Unlock()
				r.open--
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return r, listener.Addr().String()
}

func (r *receiver) read(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // it was read
	reader := bufio.NewReader(conn)
	for {
		count, err := reader.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSpace(count))
		message := make([]byte, max(n, 0))
		if err == nil {
			_, err = io.ReadFull(reader, message)
		}
		r.mu.Lock()
		if err != nil {
			r.bad = fmt.Errorf("after %q: %w", count, err)
		}
		r.messages = append(r.messages, string(message))
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// end waits until all connections that were made until now have been read to their ends.
func (r *receiver) end(t *testing.T, address string) {
	t.Helper()
	r.mu.Lock()
	before := r.conns
	r.mu.Unlock()
	conn, err := net.Dial("tcp", address) // it is accepted after them
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	exporttest.Eventually(t, func() string { return "a connection that does not end" }, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.conns > before && r.open == 0
	})
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.messages...)
}

// bodies are the texts after the headers, as a parser that is not ours finds them.
func bodies(t *testing.T, messages []string) []byte {
	t.Helper()
	var lines bytes.Buffer
	for _, message := range messages {
		parsed, err := rfc5424.NewParser().Parse([]byte(message))
		if err != nil {
			t.Fatalf("%.300q: %v", message, err)
		}
		lines.WriteString(*parsed.(*rfc5424.SyslogMessage).Message + "\n")
	}
	return lines.Bytes()
}

func open(options syslog.Options) exporttest.Open {
	options.AppName, options.Facility = "nodeaudit", 13
	return func(context.Context) (export.Destination, error) { return syslog.New(options) }
}

// whole waits until as many messages have arrived as were sent: TCP acknowledges to the kernel only.
func whole(t *testing.T, r *receiver, n func() int) []string {
	t.Helper()
	exporttest.Eventually(t, func() string { return fmt.Sprintf("%d messages", len(r.got())) }, func() bool { return len(r.got()) >= n() })
	if r.bad != nil {
		t.Error(r.bad)
	}
	return r.got()
}

func TestContract(t *testing.T) {
	authority := dialtest.NewAuthority(t)
	cert, key := authority.Sign(t, "node-1", time.Hour)
	for name, test := range map[string]struct {
		server  *tls.Config
		options syslog.Options
	}{
		"TCP": {},
		"TLS": {
			authority.Server(t, "127.0.0.1", time.Hour, authority),
			syslog.Options{Protocol: syslog.TLS, TLS: dial.TLS{CA: authority.PEM, Cert: cert, Key: key}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			exporttest.Contract(t, func(t *testing.T) (exporttest.Open, func() []byte) {
				r, address := listen(t, test.server)
				options := test.options
				options.Address = address
				return open(options), func() []byte { r.end(t, address); return bodies(t, r.got()) }
			})
		})
	}
}

func TestThereIsOneConnection(t *testing.T) {
	r, address := listen(t, nil)
	s := exporttest.New(t, open(syslog.Options{Address: address}))
	for range 20 {
		exporttest.Write(t, s, sinktest.Events(10))
		exporttest.Delivered(t, s)
	}
	whole(t, r, func() int { return 200 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if r.conns != 1 {
		t.Errorf("%d connections", r.conns)
	}
}

func difficult() *event.Event {
	e := sinktest.Events(1)[0]
	e.Node, e.Keys = "node 1\n", []string{`k"]\`, "ü"}
	e.Who.Labels = map[string]string{"app.kubernetes.io/name": "cart"}
	return e
}

func TestRFC5424(t *testing.T) {
	r, address := listen(t, nil)
	s := exporttest.New(t, open(syslog.Options{Address: address}))
	exporttest.Write(t, s, []*event.Event{difficult()})
	parsed, err := rfc5424.NewParser().Parse([]byte(whole(t, r, func() int { return 1 })[0]))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	m := parsed.(*rfc5424.SyslogMessage)
	data := (*m.StructuredData)["nodeaudit@32473"]
	if *m.Priority != 13*8+6 || *m.Hostname != "node1" || *m.Appname != "nodeaudit" || *m.MsgID != "SYSCALL" || !m.Timestamp.Equal(time.UnixMilli(1_700_000_000_000)) {
		t.Errorf("header %v %v %v %v %v", *m.Priority, *m.Hostname, *m.Appname, *m.MsgID, *m.Timestamp)
	}
	if data["keys"] != `k\"\]\\,ü` && data["keys"] != `k"]\,ü` || data["pod"] != "cart-0" || data["name"] != "cart" {
		t.Errorf("structured data %q", data)
	}
}

func TestRFC3164(t *testing.T) {
	r, address := listen(t, nil)
	s := exporttest.New(t, open(syslog.Options{Address: address, RFC3164: true}))
	exporttest.Write(t, s, sinktest.Events(1))
	parsed, err := rfc3164.NewParser().Parse([]byte(whole(t, r, func() int { return 1 })[0]))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	m := parsed.(*rfc3164.SyslogMessage)
	if *m.Priority != 13*8+6 || *m.Hostname != "node-1" || *m.Appname != "nodeaudit" || m.Timestamp.Format(time.Stamp) != "Nov 14 22:13:20" {
		t.Errorf("header %v %v %v %v", *m.Priority, *m.Hostname, *m.Appname, *m.Timestamp)
	}
	if !strings.HasPrefix(*m.Message, `{"time":`) {
		t.Errorf("message %.50q", *m.Message)
	}
}

func TestUDPSendsAPacketForEachAndGivesUpWhatFitsNone(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the test is over
	s := exporttest.New(t, open(syslog.Options{Address: conn.LocalAddr().String(), Protocol: syslog.UDP}))
	events := sinktest.Events(3)
	events[1].Args = []string{strings.Repeat("x", 70000)}
	exporttest.Write(t, s, events)
	var got []string
	for range 2 {
		packet := make([]byte, 65536)
		n, _, err := conn.ReadFrom(packet)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(packet[:n]))
	}
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	sinktest.Compare(t, bodies(t, got), sinktest.Lines(t, []*event.Event{events[0], events[2]}))
	if d := s.Delivery(); d.Dropped != 1 || !strings.Contains(d.LastError, "send over TCP") {
		t.Errorf("delivery %+v", d)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add("node-1", "exec", "shop", "cart-0")
	f.Add("ä\n", `"]\`, "\xff", "")
	f.Fuzz(func(t *testing.T, node, key, namespace, pod string) {
		e := sinktest.Events(1)[0]
		e.Node, e.Keys, e.Who.Namespace, e.Who.Pod = node, []string{key}, namespace, pod
		message := syslog.Message(t, exporttest.Logs(t, []*event.Event{e}))
		if _, err := rfc5424.NewParser().Parse(message); err != nil {
			t.Errorf("%q: %v", message, err)
		}
	})
}
