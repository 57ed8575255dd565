package export_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

const (
	freeze = 0xc0045877 // FIFREEZE and FITHAW of linux/fs.h
	thaw   = 0xc0045878
)

// frozen is a file system of its own, and functions that stop and let go everything that writes to it.
func frozen(t *testing.T) (dir string, stop, goOn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	image := filepath.Join(t.TempDir(), "image")
	dir = t.TempDir()
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 64<<20); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("needs root that may mount a file: %v: %s", err, out)
		}
	}
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = folder.Close()
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	ask := func(what uint) func() {
		return func() {
			if err := unix.IoctlSetInt(int(folder.Fd()), what, 0); err != nil {
				t.Errorf("freezing or thawing: %v", err)
			}
		}
	}
	return dir, ask(freeze), ask(thaw)
}

// Nobody who asks how a sink is waits for the write that its disk holds up, and afterwards nothing is missing.
func TestADiskThatHangsHoldsUpNobodyWhoAsks(t *testing.T) {
	dir, stop, goOn := frozen(t)
	w := &world{down: errors.New("away")}
	s := export.New(options(filepath.Join(dir, "queue"), quick, w))
	write(t, s, numbered(0, 10))
	eventually(t, "an error", func() bool { return s.Delivery().LastError != "" })
	size := s.Delivery().QueuedBytes
	stop()
	written := make(chan error)
	go func() { written <- s.Write(t.Context(), numbered(10, 10)) }()
	answered := make(chan export.Delivery)
	go func() {
		for range 5 {
			time.Sleep(10 * time.Millisecond) // the write begins meanwhile
			answered <- s.Delivery()
		}
	}()
	for range 5 {
		select {
		case d := <-answered:
			if d.QueuedBytes != size {
				t.Errorf("%d bytes wait, want %d", d.QueuedBytes, size)
			}
		case err := <-written:
			t.Errorf("the disk did not hang: %v", err)
		case <-time.After(10 * time.Second):
			t.Error("who asks waits for the disk")
			goOn()
			<-answered
		}
	}
	goOn()
	if err := <-written; err != nil {
		t.Error(err)
	}
	w.change(func() { w.down = nil })
	eventually(t, "all events", func() bool { return len(w.got()) >= 20 })
	closing(t, s)
}
