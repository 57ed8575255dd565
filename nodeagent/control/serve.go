package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// mostRequest is how long a request may be.
	mostRequest = 16 << 10
	// patience is how long one may take to arrive, and an answer to leave.
	patience = 5 * time.Second
)

// Tester tries a sink.
type Tester func(ctx context.Context, request Request) SinkTest

// Serve answers in the state directory until ctx ends, one request at a time.
func Serve(ctx context.Context, stateDir string, test Tester) error {
	listener, err := listen(stateDir)
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(stateDir, File)) //nolint:errcheck // the next agent removes it too
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	var answering sync.WaitGroup
	defer answering.Wait()
	var turn sync.Mutex
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("answering on %s: %w", filepath.Join(stateDir, File), err)
		}
		answering.Go(func() {
			turn.Lock()
			defer turn.Unlock()
			answer(ctx, conn, test)
		})
	}
}

// listen makes the socket, for root alone. The directory is named by a descriptor, because names of sockets may not be long.
func listen(stateDir string) (*net.UnixListener, error) {
	if err := os.Remove(filepath.Join(stateDir, File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing the socket of an earlier agent: %w", err)
	}
	name, done, err := short(stateDir)
	if err != nil {
		return nil, err
	}
	defer done()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the socket %s: %w", filepath.Join(stateDir, File), err)
	}
	listener.SetUnlinkOnClose(false) // by the short name, which may mean something else by then
	if err := os.Chmod(filepath.Join(stateDir, File), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("closing the socket to others: %w", err), listener.Close())
	}
	return listener, nil
}

// short returns a name of the socket that always fits, until done.
func short(stateDir string) (name string, done func(), err error) {
	dir, err := os.Open(stateDir)
	if err != nil {
		return "", nil, fmt.Errorf("opening the state directory: %w", err)
	}
	return "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + File, func() { _ = dir.Close() }, nil
}

// answer hears one request. Who is neither root nor who the agent is gets no answer, even if the socket's mode was changed.
func answer(ctx context.Context, conn *net.UnixConn, test Tester) {
	defer conn.Close() //nolint:errcheck // what was written is written
	if !trusted(conn) {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(io.LimitReader(conn, mostRequest)).ReadBytes('\n')
	var request Request
	result := SinkTest{Error: "this is no request that the agent understands: use programs of the same version"}
	if err == nil && json.Unmarshal(line, &request) == nil && request.TestSink != "" {
		result = test(ctx, request)
	}
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	_ = json.NewEncoder(conn).Encode(result) // who has gone misses it
}

func trusted(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	return err == nil && failed == nil && (peer.Uid == 0 || int(peer.Uid) == os.Geteuid())
}
