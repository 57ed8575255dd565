package dial

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"github.com/nodeaudit/nodeaudit/api/allow"
)

// Fenced returns a Func that connects only where the list allows it. The agent is on its node's own network, where much listens that trusts whoever
// reaches it; so the name is judged before it is looked up, and the address after that, when the connection is about to be made: what the name stands
// for may be another address by then than it was for anybody who has looked before.
func Fenced(list allow.List) Func { return fenced(list, own) }

func fenced(list allow.List, own func() ([]netip.Addr, error)) Func {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		number, err := net.DefaultResolver.LookupPort(ctx, network, port)
		if err != nil {
			return nil, err
		}
		if err := list.Name(host, uint16(number)); err != nil {
			return nil, err
		}
		dialer := &net.Dialer{KeepAlive: keepAlive, Control: func(_, resolved string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return err
			}
			addresses, err := own()
			if err != nil {
				return err
			}
			return list.Address(host, at, addresses...)
		}}
		return dialer.DialContext(ctx, network, address)
	}
}

// own are the addresses of the node, as they are now.
func own() ([]netip.Addr, error) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	addresses := make([]netip.Addr, 0, len(interfaces))
	for _, i := range interfaces {
		if prefix, err := netip.ParsePrefix(i.String()); err == nil {
			addresses = append(addresses, prefix.Addr())
		}
	}
	return addresses, nil
}
