package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Ask has the agent with this state directory try a sink.
func Ask(ctx context.Context, stateDir string, request Request) (SinkTest, error) {
	path := filepath.Join(stateDir, File)
	name, done, err := short(stateDir)
	if err != nil {
		return SinkTest{}, err
	}
	defer done()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return SinkTest{}, fmt.Errorf("no agent answers on %s: see that it runs, and that --state-dir is the agent's", path)
	case errors.Is(err, fs.ErrPermission):
		return SinkTest{}, fmt.Errorf("the agent's socket %s is for root: run it as root", path)
	case err != nil:
		return SinkTest{}, fmt.Errorf("asking the agent on %s: %w", path, err)
	}
	defer conn.Close() //nolint:errcheck // it was read
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		return SinkTest{}, fmt.Errorf("asking the agent on %s: %w", path, err)
	}
	var result SinkTest
	if err := json.NewDecoder(conn).Decode(&result); err != nil {
		if os.Geteuid() != 0 {
			return SinkTest{}, fmt.Errorf("the agent on %s gives no answer: it answers root only", path)
		}
		return SinkTest{}, fmt.Errorf("the agent on %s ended before it answered: %w", path, err)
	}
	return result, nil
}
