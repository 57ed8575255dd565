// Package journald writes events to the node's journal, in its native protocol, with their fields.
//
// Records come in, entries go out over the journal's socket. That takes an entry or says that it is full, which makes the queue wait; whether the journal
// keeps the entry, its own limits on rate and size decide. go-systemd knows one journal only, that of its own root, hence the thirty lines here.
package journald

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// Options are how to write.
type Options struct {
	// Socket is the path of the journal's socket.
	Socket string
	// Identifier is SYSLOG_IDENTIFIER.
	Identifier string
}

// New connects at the first push.
func New(options Options) export.Destination { return &journal{options: options} }

type journal struct {
	options Options
	conn    *net.UnixConn
}

// Push is export.Destination.Push.
func (j *journal) Push(ctx context.Context, logs plog.Logs) error {
	if j.conn == nil {
		conn, err := dial.Connect(ctx, "unixgram", j.options.Socket, nil)
		if err != nil {
			return fmt.Errorf("connecting to the journal: %w", err)
		}
		j.conn = conn.(*net.UnixConn)
	}
	stop := context.AfterFunc(ctx, func() { _ = j.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	var entry []byte
	for i, record := range export.Records(logs) {
		entry = j.entry(entry[:0], &record)
		if err := j.send(entry); err != nil {
			_ = j.Close()
			return export.Taken(i, fmt.Errorf("writing to the journal: %w", err))
		}
	}
	dial.Answered(ctx, "the journal has taken the entry")
	return nil
}

// entry is in the form of https://systemd.io/JOURNAL_NATIVE_PROTOCOL.
func (j *journal) entry(entry []byte, record *export.Record) []byte {
	entry = appendField(entry, "MESSAGE", record.Body)
	entry = appendField(entry, "PRIORITY", "6")
	entry = appendField(entry, "SYSLOG_FACILITY", "13")
	entry = appendField(entry, "SYSLOG_IDENTIFIER", j.options.Identifier)
	entry = appendField(entry, "SYSLOG_TIMESTAMP", record.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
	for name, value := range record.Fields() {
		entry = appendField(entry, "AUDIT_"+strings.Map(fieldRune, strings.ToUpper(name)), value)
	}
	return entry
}

// fieldRune leaves the characters that names of fields may have.
func fieldRune(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
		return r
	}
	return '_'
}

func appendField(entry []byte, name, value string) []byte {
	if strings.Contains(value, "\n") {
		entry = append(append(entry, name...), '\n')
		entry = binary.LittleEndian.AppendUint64(entry, uint64(len(value)))
	} else {
		entry = append(append(entry, name...), '=')
	}
	return append(append(entry, value...), '\n')
}

// send writes a datagram, or hands over a sealed file where the entry is too large for one.
func (j *journal) send(entry []byte) error {
	_, err := j.conn.Write(entry)
	if !errors.Is(err, syscall.EMSGSIZE) && !errors.Is(err, syscall.ENOBUFS) {
		return err
	}
	fd, err := unix.MemfdCreate("nodeaudit", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("making a file in memory: %w", err)
	}
	file := os.NewFile(uintptr(fd), "entry")
	defer file.Close()
	if _, err := file.Write(entry); err != nil {
		return err
	}
	seals := unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("sealing a file in memory: %w", err)
	}
	return j.pass(file)
}

// pass sends the file alone. WriteMsgUnix of net does not, on a socket that is connected.
func (j *journal) pass(file *os.File) error {
	raw, err := j.conn.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(fd uintptr) bool {
		sent = unix.Sendmsg(int(fd), nil, unix.UnixRights(int(file.Fd())), nil, 0)
		return !errors.Is(sent, unix.EAGAIN)
	})
	return errors.Join(err, sent)
}

// Close is export.Destination.Close.
func (j *journal) Close() error {
	if j.conn == nil {
		return nil
	}
	err := j.conn.Close()
	j.conn = nil
	return err
}
