package nodeagent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile is the name of the file in the state directory.
const lockFile = "lock"

// lock makes the state directory the agent's own. Two agents with one ledger would take each other's rules for foreign ones. An earlier agent
// that is about to end is waited for.
func lock(ctx context.Context, dir string, log *slog.Logger) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the state directory (choose one with --state-dir): %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	for said := false; ; said = true {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			file.Close()
			return nil, fmt.Errorf("locking the state directory %s: %w", dir, err)
		case !said:
			log.Warn("waiting for another agent with this state directory to end", "dir", dir)
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("waiting for another agent with the state directory %s: %w", dir, context.Cause(ctx))
		case <-time.After(200 * time.Millisecond):
		}
	}
}
