package dial_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen accepts connections, with TLS where config is not nil, and reads them.
func listen(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn); _ = conn.Close() }()
		}
	}()
	return listener.Addr().String()
}

// refusing returns an address that refuses connections: bound, so that nobody else gets its port, and never listening.
func refusing(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
}

func TestTroublesAreToldInWordsThatHelp(t *testing.T) {
	ours, others := dialtest.NewAuthority(t), dialtest.NewAuthority(t)
	nobody := refusing(t)
	good := listen(t, ours.Server(t, "127.0.0.1", time.Hour, nil))
	named := listen(t, ours.Server(t, "logs.example.com", time.Hour, nil))
	expired := listen(t, ours.Server(t, "127.0.0.1", -time.Hour, nil))
	plain := listen(t, nil)
	asking := listen(t, ours.Server(t, "127.0.0.1", time.Hour, ours))
	cert, key := others.Sign(t, "node-1", time.Hour)
	ok, okKey := ours.Sign(t, "node-1", time.Hour)
	for name, test := range map[string]struct {
		address string
		tls     dial.TLS
		want    []string // in the words; nothing: it works
	}{
		"all is well":                               {good, dial.TLS{CA: ours.PEM}, nil},
		"an unknown authority":                      {good, dial.TLS{CA: others.PEM}, []string{good, "authority that is not trusted", "tls.ca"}},
		"the wrong name":                            {named, dial.TLS{CA: ours.PEM}, []string{named, "127.0.0.1", "tls.serverName"}},
		"the right name by hand":                    {named, dial.TLS{CA: ours.PEM, ServerName: "logs.example.com"}, nil},
		"a certificate that has ended":              {expired, dial.TLS{CA: ours.PEM}, []string{expired, "out of date"}},
		"anything goes":                             {expired, dial.TLS{InsecureSkipVerify: true}, nil},
		"nobody listens":                            {nobody, dial.TLS{}, []string{nobody, "nobody listens there"}},
		"a name that nobody knows":                  {"nodeaudit.invalid:1", dial.TLS{}, []string{"nodeaudit.invalid"}},
		"the receiver asks for a certificate":       {asking, dial.TLS{CA: ours.PEM}, []string{asking, "tls.certSecretRef"}},
		"the certificate is of another authority":   {asking, dial.TLS{CA: ours.PEM, Cert: cert, Key: key}, []string{asking, "tls.certSecretRef"}},
		"the certificate is the one it asks for":    {asking, dial.TLS{CA: ours.PEM, Cert: ok, Key: okKey}, nil},
		"the receiver does not speak TLS and hangs": {plain, dial.TLS{CA: ours.PEM}, []string{plain, "in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := test.tls.Config()
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			s := dial.Stream{Address: test.address, TLS: config}
			err = s.Send(ctx, []byte("x"))
			_ = s.Close()
			if test.want == nil {
				if err != nil {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("there is no error")
			}
			for _, want := range test.want {
				if got := dial.Words(err); !strings.Contains(got, want) {
					t.Errorf("the words are %q, want %q in them", got, want)
				}
			}
		})
	}
}

func TestTLSThatCannotBe(t *testing.T) {
	cert, key := dialtest.NewAuthority(t).Sign(t, "x", time.Hour)
	for name, test := range map[string]struct {
		tls  dial.TLS
		want string
	}{
		"an authority that is no PEM":  {dial.TLS{CA: []byte("hello")}, "BEGIN CERTIFICATE"},
		"a certificate without a key":  {dial.TLS{Cert: cert}, "client certificate"},
		"a key without a certificate":  {dial.TLS{Key: key}, "client certificate"},
		"a certificate that is no PEM": {dial.TLS{Cert: []byte("x"), Key: key}, "client certificate"},
	} {
		_, err := test.tls.Config()
		if err == nil || !strings.Contains(err.Error(), test.want) || bytes.Contains([]byte(err.Error()), key) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
	}
}

func TestAStreamConnectsAgainWhenTheReceiverEndsIt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	s := dial.Stream{Address: listener.Addr().String()}
	var got []string
	for _, text := range []string{"one", "two", "three"} {
		if err := s.Send(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, len(text))
		if _, err := io.ReadFull(conn, data); err != nil {
			t.Fatal(err)
		}
		got = append(got, string(data))
		_ = conn.Close()
		time.Sleep(20 * time.Millisecond) // the end is on its way
	}
	_ = s.Close()
	if !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("arrived: %q", got)
	}
}

func TestAReceiverThatTakesNothingHoldsNobodyLongerThanAsked(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts, nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := dial.Stream{Address: listener.Addr().String()}
	err = s.Send(ctx, make([]byte, 64<<20))
	if err == nil || !strings.Contains(dial.Words(err), "did not answer in time") {
		t.Errorf("the error is %v", err)
	}
	_ = s.Close()
}
