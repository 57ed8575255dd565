package vm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Save ends the machine and leaves its memory and its disk in a folder, for Resume. backing is the disk that it came from, as seen from there.
func (m *Machine) Save(ctx context.Context, folder, backing string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// Less in memory is less to read for each Resume.
	if _, err := m.Sh(ctx, "sync; echo 3 >/proc/sys/vm/drop_caches"); err != nil {
		return err
	}
	m.leave()
	if err := m.freeze(ctx, filepath.Join(folder, stateFile)); err != nil {
		return err
	}
	disk := filepath.Join(m.dir, diskFile)
	saved := filepath.Join(folder, diskFile)
	if err := m.command(ctx, "quit", nil, nil); err != nil {
		return err
	}
	<-m.ended // the disk is complete
	err = errors.Join(run("mv", disk, saved), run("qemu-img", "rebase", "-u", "-F", "qcow2", "-b", backing, saved))
	return errors.Join(err, m.Stop())
}

// freeze stops the processors and writes the memory to a file.
func (m *Machine) freeze(ctx context.Context, file string) error {
	err := m.command(ctx, "stop", nil, nil)
	if err == nil {
		err = m.command(ctx, "migrate-set-parameters", map[string]any{"max-bandwidth": 8 << 30}, nil) // its default is for networks
	}
	if err == nil {
		err = m.command(ctx, "migrate", map[string]any{"uri": "exec:cat >" + quote(file)}, nil)
	}
	for err == nil {
		var now struct {
			Status string `json:"status"`
			Why    string `json:"error-desc"`
		}
		err = m.command(ctx, "query-migrate", nil, &now)
		switch {
		case now.Status == "completed":
			return nil
		case now.Status == "failed":
			return errors.New("saving the machine: " + now.Why)
		case err == nil:
			err = m.pause(ctx, 50*time.Millisecond)
		}
	}
	return err
}
