package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Packets is a socket for packets that is kept: Open opens it where it is not open. It is used by one goroutine at a time.
type Packets struct {
	// Address is host and port.
	Address string
	// Dial makes the socket. Nil: any may be made.
	Dial Func

	conn net.Conn
}

// Open looks the address up and opens the socket, where that is not done yet.
func (p *Packets) Open(ctx context.Context) error {
	if p.conn != nil {
		return nil
	}
	conn, err := p.Dial.Connect(ctx, "udp", p.Address, nil)
	if err == nil {
		p.conn = conn
	}
	return err
}

// Send sends one packet through the open socket. An error with EMSGSIZE is about this packet alone; after any other one the socket is closed, for the name may
// lead elsewhere by now.
func (p *Packets) Send(packet []byte) error {
	_, err := p.conn.Write(packet)
	if err == nil {
		return nil
	}
	if !errors.Is(err, syscall.EMSGSIZE) {
		_ = p.Close()
	}
	return fmt.Errorf("sending to %s: %w", p.Address, err)
}

// Close closes the socket. What was sent before is on its way.
func (p *Packets) Close() error {
	if p.conn == nil {
		return nil
	}
	err := p.conn.Close()
	p.conn = nil
	return err
}
