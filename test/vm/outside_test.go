//go:build vm

package vm

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"github.com/tinylib/msgp/msgp"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter packs with

	"github.com/nodeaudit/nodeaudit/test/netns"
)

// Addresses on the wire.
const (
	outsideAddress = "10.91.7.1"
	guestAddress   = "10.91.7.2"
	forwardPort    = "24224"
	otlpPort       = "4317"
)

// outside is the other end of a node's wire: a network namespace of the test's own.
type outside struct {
	t *testing.T
	Wire
}

func newOutside(t *testing.T) outside {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: the wire of a virtual machine is a network interface")
	}
	o := outside{t, Wire{Namespace: fmt.Sprintf("vm-%d", os.Getpid()), Tap: "wire"}}
	o.must("ip", "netns", "add", o.Namespace)
	t.Cleanup(func() { o.must("ip", "netns", "del", o.Namespace) })
	o.ip("link", "set", "lo", "up")
	o.ip("tuntap", "add", "dev", o.Tap, "mode", "tap")
	o.ip("addr", "add", outsideAddress+"/30", "dev", o.Tap)
	o.plug()
	return o
}

func (o outside) plug()   { o.ip("link", "set", o.Tap, "up") }
func (o outside) unplug() { o.ip("link", "set", o.Tap, "down") }

// ip is the program of that name, in the namespace.
func (o outside) ip(args ...string) {
	o.t.Helper()
	o.must("nsenter", append([]string{"--net=/run/netns/" + o.Namespace, "--", "ip"}, args...)...)
}

func (o outside) must(program string, args ...string) {
	o.t.Helper()
	if err := run(program, args...); err != nil {
		o.t.Fatal(err)
	}
}

// listen makes a socket in the namespace. It stays there, whoever uses it.
func (o outside) listen(port string) net.Listener {
	o.t.Helper()
	listener, err := netns.Listen(o.Namespace, net.JoinHostPort(outsideAddress, port))
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// arrived counts how often each number has come to a receiver. It is safe for concurrent use.
type arrived struct {
	mu    sync.Mutex
	times map[int]int
	all   int
}

// An event has its serial once, and then the path of its file, more than once.
var (
	serial = regexp.MustCompile(`\\?"serial\\?":\d+`)
	ticked = regexp.MustCompile(`/var/tmp/ticks/(\d+)`)
)

func (a *arrived) add(text []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, event := range serial.Split(string(text), -1)[1:] {
		found := ticked.FindStringSubmatch(event)
		if found == nil {
			continue
		}
		if n, err := strconv.Atoi(found[1]); err == nil {
			a.times[n]++
			a.all++
		}
	}
}

func (a *arrived) sum() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all
}

// count is how many numbers of a span have come, and how many of them again.
func (a *arrived) count(first, last int) (received, again int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n := first; n <= last; n++ {
		if times := a.times[n]; times > 0 {
			received, again = received+1, again+times-1
		}
	}
	return received, again
}

// forward is a receiver of Fluentd's protocol that answers when it has what it was sent.
func (o outside) forward() *arrived {
	a := &arrived{times: map[int]int{}}
	listener := o.listen(forwardPort)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go a.serve(conn)
		}
	}()
	return a
}

func (a *arrived) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // whoever sends will notice
	reader, writer := msgp.NewReader(conn), msgp.NewWriter(conn)
	for {
		var message protocol.PackedForwardMessage
		if message.DecodeMsg(reader) != nil {
			return
		}
		a.add(message.EventStream)
		if (&protocol.AckMessage{Ack: message.Options.Chunk}).EncodeMsg(writer) != nil || writer.Flush() != nil {
			return
		}
	}
}

// otlp is OpenTelemetry's own server, over gRPC.
func (o outside) otlp() *arrived {
	a := &arrived{times: map[int]int{}}
	server := grpc.NewServer()
	plogotlp.RegisterGRPCServer(server, &otlpServer{kept: a})
	listener := o.listen(otlpPort)
	go func() { _ = server.Serve(listener) }()
	o.t.Cleanup(server.Stop)
	return a
}

type otlpServer struct {
	plogotlp.UnimplementedGRPCServer

	kept *arrived
}

// Export is plogotlp.GRPCServer.Export.
func (s *otlpServer) Export(_ context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	text, err := request.MarshalProto()
	s.kept.add(text)
	return plogotlp.NewExportResponse(), err
}
