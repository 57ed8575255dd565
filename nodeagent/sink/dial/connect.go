package dial

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// Func makes a connection to host:port, over "tcp" or "udp". Nil is one that makes any.
type Func func(ctx context.Context, network, address string) (net.Conn, error)

// keepAlive finds receivers that are gone without a word.
const keepAlive = 15 * time.Second

// Connect dials with anybody's rights, with TLS where config is not nil. Errors name the address.
func Connect(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	return Func(nil).Connect(ctx, network, address, config)
}

// Connect dials, with TLS where config is not nil. Errors name the address.
func (f Func) Connect(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	conn, err := f.plain(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	w := watcher(ctx)
	if w != nil {
		w.connected(conn.RemoteAddr().String())
	}
	if config == nil {
		return conn, nil
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	secured := tls.Client(conn, config)
	err = secured.HandshakeContext(ctx)
	if w != nil {
		w.shaken(secured.ConnectionState(), err)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return secured, nil
}

func (f Func) plain(ctx context.Context, network, address string) (net.Conn, error) {
	if f == nil {
		f = (&net.Dialer{KeepAlive: keepAlive}).DialContext
	}
	return f(ctx, network, address)
}
