package stdout

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestContract(t *testing.T) {
	sinktest.Contract(t, func(*testing.T) (sink.Writer, func() []byte) {
		var out bytes.Buffer
		return New(&out), out.Bytes
	})
}

// narrow is an output that takes a few bytes at a time, with or without saying so.
type narrow struct {
	bytes.Buffer
	width int
	err   error
}

func (n *narrow) Write(text []byte) (int, error) {
	if len(text) <= n.width {
		return n.Buffer.Write(text)
	}
	_, _ = n.Buffer.Write(text[:n.width]) // a buffer never refuses
	return n.width, n.err
}

func TestARetryGoesOnWhereTheOutputStopped(t *testing.T) {
	for name, out := range map[string]*narrow{
		"the output stops near the end of a line": {width: 700, err: io.ErrNoProgress},
		"the output stops in a line":              {width: 333, err: io.ErrClosedPipe},
		"the output says nothing about it":        {width: 333},
	} {
		t.Run(name, func(t *testing.T) {
			w, events := New(out), sinktest.Events(5)
			attempts := 1
			for err := w.Write(t.Context(), events); err != nil; err = w.Write(t.Context(), events) {
				if sink.IsPermanent(err) {
					t.Fatalf("a retry may mend %v", err)
				}
				attempts++
			}
			if attempts < 2 {
				t.Error("the output took all at once")
			}
			sinktest.Compare(t, out.Bytes(), sinktest.Lines(t, events))
		})
	}
}

func TestAWriteIntoAFullPipeEndsWithItsContext(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	plain := blocking(t, writer)
	out := Interruptible(plain)
	if out == plain {
		t.Fatal("the pipe was not opened again")
	}
	w, events := New(out), sinktest.Events(1000)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Write(ctx, events); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the error is %v, want that of a deadline", err)
	}
	got := make(chan []byte)
	go func() {
		lines, _ := io.ReadAll(reader) // what is missing is seen below
		got <- lines
	}()
	if err := w.Write(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(out.Close(), plain.Close()); err != nil {
		t.Fatal(err)
	}
	sinktest.Compare(t, <-got, sinktest.Lines(t, events))
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
}

// blocking returns the file as a process finds its standard output: without deadlines.
func blocking(t *testing.T, file *os.File) *os.File {
	t.Helper()
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syscall.SetNonblock(fd, false), file.Close()); err != nil {
		t.Fatal(err)
	}
	plain := os.NewFile(uintptr(fd), "stdout")
	if err := plain.SetWriteDeadline(time.Time{}); !errors.Is(err, os.ErrNoDeadline) {
		t.Fatalf("the pipe has deadlines already: %v", err)
	}
	return plain
}

func TestWhatIsNoPipeStaysAsItIs(t *testing.T) {
	regular, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	if Interruptible(regular) != regular {
		t.Error("a regular file was opened again")
	}
	if err := regular.Close(); err != nil {
		t.Fatal(err)
	}
	if Interruptible(regular) != regular {
		t.Error("a closed file was opened again")
	}
}
