package vm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"
)

// A line is a connection on which qemu, or the agent in the guest, answers JSON with JSON.
type line struct {
	conn net.Conn
	in   *bufio.Reader
}

// dial connects to a socket in the machine's folder, which qemu makes when it starts.
func (m *Machine) dial(ctx context.Context, socket string) (*line, error) {
	for {
		conn, err := net.Dial("unix", filepath.Join(m.dir, socket))
		if err == nil {
			return &line{conn, bufio.NewReader(conn)}, nil
		}
		if err := m.pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// pause waits, and says why there is nothing to wait for any more.
func (m *Machine) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-m.ended:
		return fmt.Errorf("qemu has ended: %s", m.tail(qemuFile))
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// within makes the end of ctx the end of what waits on the line.
func (l *line) within(ctx context.Context) (stop func()) {
	_ = l.conn.SetDeadline(time.Time{})
	release := context.AfterFunc(ctx, func() { _ = l.conn.SetDeadline(time.Unix(1, 0)) })
	return func() { release() }
}

// request sends a command and reads its answer into answer, unless that is nil. Events in between are passed over.
func (l *line) request(ctx context.Context, command string, arguments map[string]any, answer any) error {
	defer l.within(ctx)()
	if err := l.send(command, arguments); err != nil {
		return err
	}
	for {
		text, err := l.in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("waiting for the answer to %s: %w", command, errors.Join(err, context.Cause(ctx)))
		}
		var reply struct {
			Return json.RawMessage `json:"return"`
			Error  *struct {
				Desc string `json:"desc"`
			} `json:"error"`
		}
		switch err := json.Unmarshal(text, &reply); {
		case err != nil:
			return fmt.Errorf("%s was answered with %q: %w", command, text, err)
		case reply.Error != nil:
			return fmt.Errorf("%s: %s", command, reply.Error.Desc)
		case reply.Return == nil:
		case answer == nil:
			return nil
		default:
			return json.Unmarshal(reply.Return, answer)
		}
	}
}

func (l *line) send(command string, arguments map[string]any) error {
	message := map[string]any{"execute": command}
	if arguments != nil {
		message["arguments"] = arguments
	}
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(append(text, '\n'))
	return err
}

// agree clears the line to the guest agent of what an earlier connection has left on it. The byte 0xff ends whatever the agent was reading,
// and it puts one in front of this answer.
func (l *line) agree(ctx context.Context) error {
	defer l.within(ctx)()
	id := time.Now().UnixNano() & 0x7fffffff
	if _, err := l.conn.Write([]byte{0xff}); err != nil {
		return err
	}
	if err := l.send("guest-sync-delimited", map[string]any{"id": id}); err != nil {
		return err
	}
	for {
		if _, err := l.in.ReadBytes(0xff); err != nil {
			return err
		}
		text, err := l.in.ReadBytes('\n')
		if err != nil {
			return err
		}
		if bytes.Contains(text, fmt.Appendf(nil, ": %d}", id)) {
			return nil
		}
	}
}

// command runs a command of qemu itself.
func (m *Machine) command(ctx context.Context, name string, arguments map[string]any, answer any) error {
	l, err := m.dial(ctx, qmpSocket)
	if err != nil {
		return err
	}
	defer func(c io.Closer) { _ = c.Close() }(l.conn)
	if err := l.request(ctx, "qmp_capabilities", nil, nil); err != nil {
		return err
	}
	return l.request(ctx, name, arguments, answer)
}
