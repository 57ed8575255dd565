package export_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// damage overwrites the pages of the files in the folder.
func damage(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, make([]byte, info.Size()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// child writes events into the queue in the folder until it is killed, and prints each that the queue has taken.
func child(dir, first string) error {
	n, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	s := export.New(options(dir, quick, &world{down: errors.New("away")}))
	for ; ; n++ {
		if err := s.Write(context.Background(), numbered(uint32(n), 1)); err != nil {
			return err
		}
		if _, err := os.Stdout.WriteString("taken " + strconv.Itoa(n) + "\n"); err != nil {
			return err
		}
	}
}

func TestAKilledAgentLosesNothing(t *testing.T) {
	dir := t.TempDir()
	next := 0
	for range 3 {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		command.Env = append(os.Environ(), "NODEAUDIT_TEST_QUEUE="+dir, "NODEAUDIT_TEST_FIRST="+strconv.Itoa(next))
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for killed := false; lines.Scan(); {
			if n, found := bytesAfter(lines.Text(), "taken "); found {
				next = n + 1
			}
			if !killed && next%100 == 99 {
				killed = command.Process.Signal(syscall.SIGKILL) == nil
			}
		}
		_ = command.Wait() // it was killed
	}
	w := &world{}
	s := export.New(options(dir, quick, w))
	eventually(t, "the last event", func() bool { return len(w.got()) >= next })
	closing(t, s)
	got := w.got()
	slices.Sort(got)
	if unique := slices.Compact(slices.Clone(got)); !slices.Equal(unique[:next], serials(0, uint32(next))) {
		t.Errorf("%d events were taken, %d arrived", next, len(unique))
	}
	t.Logf("%d events were taken by the queue, %d arrived, over 3 kills", next, len(got))
}

func bytesAfter(line, prefix string) (int, bool) {
	if len(line) <= len(prefix) || line[:len(prefix)] != prefix {
		return 0, false
	}
	n, err := strconv.Atoi(line[len(prefix):])
	return n, err == nil
}
