package gelf_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/gelf"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver reads GELF as its specification says. No Graylog was at hand.
type receiver struct {
	mu       sync.Mutex
	messages []map[string]any
	chunks   map[string][][]byte
	largest  int
}

func (r *receiver) message(text []byte) {
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		m = map[string]any{"full_message": "broken: " + err.Error()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, m)
}

// packet puts chunks together and unpacks.
func (r *receiver) packet(packet []byte) {
	r.largest = max(r.largest, len(packet))
	if bytes.HasPrefix(packet, []byte{0x1e, 0x0f}) {
		id, count := string(packet[2:10]), int(packet[11])
		if r.chunks[id] == nil {
			r.chunks[id] = make([][]byte, count)
		}
		r.chunks[id][packet[10]] = bytes.Clone(packet[12:])
		for _, part := range r.chunks[id] {
			if part == nil {
				return
			}
		}
		packet = bytes.Join(r.chunks[id], nil)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packet))
	if err != nil {
		return
	}
	text, _ := io.ReadAll(reader)
	r.message(text)
}

func (r *receiver) got() []map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]map[string]any(nil), r.messages...)
}

func (r *receiver) lines() []byte {
	var lines bytes.Buffer
	for _, m := range r.got() {
		lines.WriteString(m["full_message"].(string) + "\n")
	}
	return lines.Bytes()
}

func udp(t *testing.T) (*receiver, string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.UDPConn).SetReadBuffer(8 << 20) // as far as the kernel allows
	r := &receiver{chunks: map[string][][]byte{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			packet := make([]byte, 65536)
			n, _, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			r.packet(packet[:n])
		}
	})
	t.Cleanup(func() { _ = conn.Close(); all.Wait() })
	return r, conn.LocalAddr().String()
}

func tcp(t *testing.T, authority *dialtest.Authority) (*receiver, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if authority != nil {
		listener = tlsListener(t, listener, authority)
	}
	r := &receiver{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close() //nolint:errcheck // it was read
				for reader := bufio.NewReader(conn); ; {
					text, err := reader.ReadBytes(0)
					if err != nil {
						return
					}
					r.message(text[:len(text)-1])
				}
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return r, listener.Addr().String()
}

func open(options gelf.Options) exporttest.Open {
	return func(context.Context) (export.Destination, error) { return gelf.New(options) }
}

// deliver sends events and waits until all of them are there.
func deliver(t *testing.T, r *receiver, options gelf.Options, events []*event.Event) {
	t.Helper()
	s := exporttest.New(t, open(options))
	exporttest.Write(t, s, events)
	exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return len(r.got()) >= len(events) })
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	sinktest.Compare(t, r.lines(), sinktest.Lines(t, events))
}

func large(n int) *event.Event {
	noise := make([]byte, n/2)
	_, _ = rand.Read(noise)
	e := sinktest.Events(1)[0]
	e.Args = []string{hex.EncodeToString(noise)}
	return e
}

func TestOverUDP(t *testing.T) {
	for name, test := range map[string]struct {
		events []*event.Event
		packet int // at most
	}{
		"small events are packets that fit everywhere":    {sinktest.Events(50), 1420},
		"larger ones are chunks that fit everywhere":      {[]*event.Event{large(100_000)}, 1420},
		"those for which that is too little, larger ones": {[]*event.Event{large(600_000)}, 8192},
	} {
		t.Run(name, func(t *testing.T) {
			r, address := udp(t)
			deliver(t, r, gelf.Options{Address: address, UDP: true}, test.events)
			if r.largest > test.packet {
				t.Errorf("a packet of %d bytes", r.largest)
			}
		})
	}
}

func TestWhatFitsNoChunksIsGivenUp(t *testing.T) {
	_, address := udp(t)
	s := exporttest.New(t, open(gelf.Options{Address: address, UDP: true}))
	exporttest.Write(t, s, []*event.Event{large(4_000_000)})
	exporttest.Delivered(t, s)
	if d := s.Delivery(); d.Dropped != 1 || !strings.Contains(d.LastError, "send over TCP") {
		t.Errorf("delivery %+v", d)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestOverTCPAndTLS(t *testing.T) {
	authority := dialtest.NewAuthority(t)
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			var r *receiver
			options := gelf.Options{}
			if secure {
				r, options.Address = tcp(t, authority)
				options.TLS = &dial.TLS{CA: authority.PEM}
			} else {
				r, options.Address = tcp(t, nil)
			}
			deliver(t, r, options, append(sinktest.Events(500), large(2_000_000)))
		})
	}
}

func TestFields(t *testing.T) {
	r, address := tcp(t, nil)
	e := sinktest.Events(1)[0]
	e.Who.Labels = map[string]string{"app.kubernetes.io/name": "cart"}
	deliver(t, r, gelf.Options{Address: address}, []*event.Event{e})
	m := r.got()[0]
	for name, want := range map[string]any{
		"version": "1.1", "host": "node-1", "short_message": "audit SYSCALL exec", "timestamp": float64(1_700_000_000), "level": float64(6),
		"_serial": "0", "_keys": "exec", "_namespace": "shop", "_pod": "cart-0", "_label.app.kubernetes.io_name": "cart",
	} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
}

func tlsListener(t *testing.T, listener net.Listener, authority *dialtest.Authority) net.Listener {
	t.Helper()
	return tls.NewListener(listener, authority.Server(t, "127.0.0.1", time.Hour, nil))
}
