package export_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// smallDisk mounts a file system of this size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOEXEC, "size="+size+",mode=700"); err != nil {
		if errors.Is(err, syscall.EPERM) {
			t.Skip("needs root that may mount: ", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}

// What the queue has taken is delivered although the disk is full, and what it could not take it takes when there is room.
func TestAFullDisk(t *testing.T) {
	dir := smallDisk(t, "4m")
	w := &world{down: errors.New("away")}
	s := export.New(options(filepath.Join(dir, "queue"), quick, w))
	var taken uint32
	for taken < 400 {
		write(t, s, numbered(taken, 20))
		taken += 20
	}
	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	if err := ballast.Close(); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil && taken < 100000; {
		if err = s.Write(t.Context(), numbered(taken, 20)); err == nil {
			taken += 20
		}
	}
	if err == nil || sink.IsPermanent(err) {
		t.Fatalf("after %d events the error is %v", taken, err)
	}
	t.Logf("after %d events: %v", taken, err)
	w.change(func() { w.down = nil })
	eventually(t, "what the queue has", func() bool { return len(w.got()) >= int(taken) })
	if err := os.Remove(ballast.Name()); err != nil {
		t.Fatal(err)
	}
	write(t, s, numbered(taken, 20))
	eventually(t, "what came later", func() bool { return len(w.got()) >= int(taken)+20 })
	closing(t, s)
	got := w.got()
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), serials(0, taken+20)) {
		t.Errorf("%d events were taken, these arrived: %v", taken+20, got)
	}
}
