package file

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

const (
	// mostUncovered and longestUncovered bound what can be changed unnoticed: after so many lines, or so long after the first, a checkpoint follows.
	mostUncovered    = 256
	longestUncovered = time.Second
)

// seal writes the checkpoints of a chain. Without a chain it does nothing.
type seal struct {
	mu    sync.Mutex // held by whoever writes: the sink's goroutine, or the timer
	chain *chain.Chain
	log   *slog.Logger
	room  int64
	timer *time.Timer // runs while lines are uncovered
}

// beginChain goes on with the chain of an earlier Writer, and covers the lines that it has left.
func (w *Writer) beginChain(options Options) error {
	if options.Chain == nil {
		return nil
	}
	w.chain, w.log, w.room = options.Chain, options.Log, options.Chain.Room()
	reader := io.NewSectionReader(w.file, 0, w.size)
	if err := w.chain.Resume(reader, w.isMended, w.archive.newest); err != nil {
		return fmt.Errorf("reading the log's chain: %w", err)
	}
	w.insistNot(w.checkpoint(chain.Due))
	return nil
}

// newest opens the file that was rotated last, unpacked. There may be none.
func (a *archive) newest() (io.ReadCloser, error) {
	for _, candidate := range []rotated{{number: 1, packed: true}, {number: 1}} {
		file, err := os.OpenFile(a.pathOf(candidate), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || !candidate.packed {
			return file, err
		}
		plain, err := gzip.NewReader(file)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return unpacking{plain, file}, nil
	}
	return nil, nil
}

// unpacking closes the file that is unpacked.
type unpacking struct {
	io.Reader
	io.Closer
}

// limit is how large the file may become by events: a checkpoint must still fit in it.
func (w *Writer) limit() int64 { return max(w.maxSize-w.room, 1) }

// cover takes lines that are in the file into the chain.
func (w *Writer) cover(lines []byte) {
	if w.chain == nil {
		return
	}
	w.chain.Add(lines)
	switch {
	case w.chain.Uncovered() >= mostUncovered:
		w.insistNot(w.checkpoint(chain.Due))
	case w.timer == nil:
		w.timer = time.AfterFunc(longestUncovered, w.overdue)
	}
}

// overdue covers what has been uncovered for long enough.
func (w *Writer) overdue() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = nil
	if w.isClosed || w.file == nil {
		return
	}
	err := w.follow()
	if err == nil {
		err = w.checkpoint(chain.Due)
	}
	w.insistNot(err)
	if err != nil {
		w.timer = time.AfterFunc(longestUncovered, w.overdue)
	}
}

// checkpoint writes one, if there is anything to cover or to tell.
func (w *Writer) checkpoint(reason chain.Reason) error {
	if w.chain == nil || w.file == nil || w.chain.Uncovered() == 0 && !w.chain.HasNews() {
		return nil
	}
	line, err := w.chain.Next(reason)
	if err != nil {
		return err
	}
	if err := w.append(line); err != nil {
		return err
	}
	w.stopTimer()
	w.insistNot(w.chain.Written())
	return nil
}

// insistNot logs why something is not covered yet. The next checkpoint covers it, in whatever file that is, so that no event waits for it.
func (w *Writer) insistNot(err error) {
	if err != nil {
		w.log.Warn("writing a checkpoint of the log", "path", w.archive.path, "err", err)
	}
}

func (w *Writer) stopTimer() {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}

// endChain covers the last lines.
func (w *Writer) endChain() error {
	if w.chain == nil {
		return nil
	}
	w.stopTimer()
	return errors.Join(w.checkpoint(chain.Close), w.chain.Close())
}
