package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"github.com/tinylib/msgp/msgp"
)

// kept is what a receiver of ours has.
type kept struct {
	at string

	mu   sync.Mutex
	list []int
}

func (k *kept) address() string { return k.at }

func (k *kept) add(text []byte) { k.append(numbers(text)) }

func (k *kept) append(list []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, list...)
}

func (k *kept) got() []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.list)
}

// conns is a receiver of connections.
type conns struct {
	kept

	each     func(net.Conn, *kept)
	listener net.Listener
	open     map[net.Conn]bool
}

func streams(each func(net.Conn, *kept)) func(string) (receiver, error) {
	return func(string) (receiver, error) {
		at, err := free()
		return &conns{kept: kept{at: at}, each: each, open: map[net.Conn]bool{}}, err
	}
}

func (c *conns) start() (err error) {
	if c.listener, err = net.Listen("tcp", c.at); err != nil {
		return err
	}
	go func(listener net.Listener) {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.open[conn] = true
			c.mu.Unlock()
			go c.each(conn, &c.kept)
		}
	}(c.listener)
	return nil
}

// kill resets connections, as the kernel does where a program ends with something that it has not read.
func (c *conns) kill() {
	_ = c.listener.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
		delete(c.open, conn)
	}
}

// keep takes messages that end with a zero byte.
func keep(conn net.Conn, k *kept) {
	var rest []byte
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		rest = append(rest, buffer[:n]...)
		if end := bytes.LastIndexByte(rest, 0); end >= 0 {
			k.add(rest[:end])
			rest = append([]byte{}, rest[end+1:]...)
		}
		if err != nil {
			return
		}
	}
}

// forward answers when it has what it was sent.
func forward(conn net.Conn, k *kept) {
	reader, writer := msgp.NewReader(conn), msgp.NewWriter(conn)
	for {
		var message protocol.PackedForwardMessage
		if message.DecodeMsg(reader) != nil {
			return
		}
		k.add(message.EventStream)
		if (&protocol.AckMessage{Ack: message.Options.Chunk}).EncodeMsg(writer) != nil || writer.Flush() != nil {
			return
		}
	}
}

// datagrams is a receiver of packets of GELF.
type datagrams struct {
	kept

	conn net.PacketConn
}

func packets(string) (receiver, error) {
	at, err := free()
	return &datagrams{kept: kept{at: at}}, err
}

func (d *datagrams) start() (err error) {
	if d.conn, err = net.ListenPacket("udp", d.at); err != nil {
		return err
	}
	go func(conn net.PacketConn) {
		buffer := make([]byte, 64<<10)
		for {
			n, _, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reader, err := gzip.NewReader(bytes.NewReader(buffer[:n])); err == nil { // events here are small enough for one packet
				text, _ := io.ReadAll(reader)
				d.add(text)
			}
		}
	}(d.conn)
	return nil
}

func (d *datagrams) kill() { _ = d.conn.Close() }

// fileOnNode is a sink on the node: its files are what is received.
type fileOnNode struct{ dir string }

func (f *fileOnNode) start() error    { return nil }
func (f *fileOnNode) kill()           {}
func (f *fileOnNode) address() string { return "" }

func (f *fileOnNode) got() []int {
	names, _ := filepath.Glob(filepath.Join(f.dir, "audit.log*"))
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	slices.Sort(names)
	slices.Reverse(names) // audit.log.1 is older than audit.log
	var list []int
	for _, name := range names {
		text, _ := os.ReadFile(name)
		list = append(list, numbers(text)...)
	}
	return list
}
