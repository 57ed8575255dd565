package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"

	"github.com/IBM/fluent-forward-go/fluent/protocol"
	"github.com/tinylib/msgp/msgp"
)

// kept is the file in which a receiver of ours has events: a line for each.
type kept struct {
	mu   sync.Mutex
	file *os.File
}

// add returns when the kernel has them.
func (k *kept) add(text []byte) {
	var lines []byte
	for _, n := range numbers(text) {
		lines = fmt.Appendf(lines, "{\"serial\":%d}\n", n)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, err := k.file.Write(lines); err != nil {
		panic(err) // it must not answer
	}
}

// own is a receiver of ours, in a process of its own that can be killed as others can.
func own(kind string) func(dir string) (receiver, error) {
	return func(dir string) (receiver, error) {
		at, err := free()
		out := filepath.Join(dir, "out")
		ready := listens(at)
		if kind == "gelf-udp" {
			ready = bound(at)
		}
		return &program{at: at, ready: ready, read: contents(out), command: func() (*exec.Cmd, error) {
			return exec.Command(os.Args[0], "-receive", kind, "-at", at, "-out", out), nil
		}}, err
	}
}

// receive is the receiver. It ends with its standard input.
func receive(kind, at, out string) error {
	if kind == "kafka" {
		return serveKafka(at, out)
	}
	file, err := os.OpenFile(out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	k := &kept{file: file}
	if kind == "gelf-udp" {
		conn, err := net.ListenPacket("udp", at)
		if err != nil {
			return err
		}
		go packets(conn, k)
	} else {
		listener, err := net.Listen("tcp", at)
		if err != nil {
			return err
		}
		switch kind {
		case "gelf":
			go accept(listener, k, keep)
		case "forward":
			go accept(listener, k, forward)
		default:
			go serve(listener, k, kind, out)
		}
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func accept(listener net.Listener, k *kept, each func(net.Conn, *kept)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go each(conn, k)
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

// packets takes packets of GELF. Events here are small enough for one.
func packets(conn net.PacketConn, k *kept) {
	buffer := make([]byte, 64<<10)
	for {
		n, _, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if reader, err := gzip.NewReader(bytes.NewReader(buffer[:n])); err == nil {
			text, _ := io.ReadAll(reader)
			k.add(text)
		}
	}
}

// fileOnNode is a sink on the node: its files are what is received.
type fileOnNode struct{ dir string }

func (f *fileOnNode) start() error    { return nil }
func (f *fileOnNode) kill()           {}
func (f *fileOnNode) address() string { return "" }

func (f *fileOnNode) got() []int {
	names, _ := filepath.Glob(filepath.Join(f.dir, "audit.log*"))
	slices.Sort(names)
	slices.Reverse(names) // audit.log.1 is older than audit.log
	var list []int
	for _, name := range names {
		text, _ := os.ReadFile(name)
		list = append(list, numbers(text)...)
	}
	return list
}
