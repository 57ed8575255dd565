package chain

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Options say whose chain it is.
type Options struct {
	// Node and File name the log.
	Node, File string
	// Key signs.
	Key ed25519.PrivateKey
	// StateDir is the agent's state directory. It has the latest checkpoint, so that a log that was cut while no agent ran is noticed.
	StateDir string
	// Form writes the checkpoint as the log's other lines are written. Nil is event.AppendLine.
	Form func(lines []byte, e *event.Event) ([]byte, error)
	// Now is the clock. Nil is time.Now.
	Now func() time.Time
}

// Chain is that of one log. All but Latest is for one goroutine at a time.
type Chain struct {
	options Options
	open    cover
	resumed bool
	reason  Reason // of the next checkpoint, when something has to be told
	next    Checkpoint
	latest  atomic.Pointer[Checkpoint]
	state   *os.File
	line    []byte
}

// New returns a chain that Resume must continue before anything else.
func New(options Options) *Chain {
	if options.Form == nil {
		options.Form = event.AppendLine
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Chain{options: options, open: newCover()}
}

// Latest is the latest checkpoint that was written, nil before the first. It is safe for concurrent use.
func (c *Chain) Latest() *Checkpoint { return c.latest.Load() }

// Add covers lines that have been written.
func (c *Chain) Add(lines []byte) { c.open.add(lines) }

// Uncovered is the number of lines since the latest checkpoint.
func (c *Chain) Uncovered() int64 { return c.open.lines }

// HasNews says that a checkpoint is due although no line may be uncovered: a chain began, or an agent ended suddenly.
func (c *Chain) HasNews() bool { return c.reason != "" }

// Next returns the line of the next checkpoint. It is valid until the next call, and counts when it is written: then Written is called.
func (c *Chain) Next(reason Reason) ([]byte, error) {
	c.next = Checkpoint{
		Node: c.options.Node, File: c.options.File, Sequence: 1, Time: c.options.Now().UTC().Truncate(time.Millisecond),
		Reason: cmp.Or(c.reason, reason), Lines: c.open.lines, Bytes: c.open.bytes, Content: c.open.content(),
	}
	if last := c.latest.Load(); last != nil {
		c.next.Sequence, c.next.Previous = last.Sequence+1, last.Hash()
	}
	c.next.sign(c.options.Key)
	var err error
	c.line, err = c.write(c.line[:0], &c.next)
	return c.line, err
}

// write appends the line of a checkpoint. A form that leaves out what Parse needs gets a line as those of audit.log are.
func (c *Chain) write(line []byte, point *Checkpoint) ([]byte, error) {
	e := point.Event()
	line, err := c.options.Form(line, e)
	if err != nil {
		return nil, fmt.Errorf("writing a checkpoint: %w", err)
	}
	if _, ok := Parse(line); !ok || !looksOwn(line) {
		line = fmt.Appendf(line[:0], "type=%s msg=%s\n", Type, e.Records[0].Data)
	}
	return line, nil
}

// Written says that what Next returned is in the log. The error is that of keeping the state: the chain goes on.
func (c *Chain) Written() error {
	written := c.next
	c.latest.Store(&written)
	c.open.reset()
	c.reason = ""
	return c.keep(written.Text())
}

// Room is as many bytes as a checkpoint may take.
func (c *Chain) Room() int64 {
	widest := Checkpoint{Node: c.options.Node, File: c.options.File, Sequence: 1 << 63, Time: c.options.Now(), Reason: Restart, Lines: 1 << 62, Bytes: 1 << 62}
	widest.sign(c.options.Key)
	line, err := c.write(nil, &widest)
	if err != nil {
		return 0
	}
	return int64(len(line))
}

// Resume goes on where an earlier agent has ended: from the latest checkpoint that is kept or in the log. Uncovered lines behind it are
// covered as they are. Older opens the file that was written before; it is asked where the current one has no checkpoint, and may return nil.
func (c *Chain) Resume(current io.ReadSeeker, isTorn bool, older func() (io.ReadCloser, error)) error {
	if c.resumed {
		return nil
	}
	last, err := c.scan(current)
	if err != nil {
		return err
	}
	if last == nil {
		last = c.scanOlder(older)
		if _, err := current.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := c.scan(current); err != nil {
			return err
		}
	}
	if kept := c.kept(); kept != nil && (last == nil || kept.Sequence > last.Sequence) {
		last = kept
	}
	c.resumed = true
	c.latest.Store(last)
	switch {
	case last == nil:
		c.open.reset()
		c.reason = Start
	case isTorn:
		c.reason = Torn
	case c.open.lines > 0:
		c.reason = Restart
	}
	return nil
}

// scanOlder covers the end of the file that was written before. One that cannot be read has nothing: Verifier says what is wrong with it.
func (c *Chain) scanOlder(older func() (io.ReadCloser, error)) *Checkpoint {
	c.open.reset()
	before, err := older()
	if err != nil || before == nil {
		return nil
	}
	last, err := c.scan(before)
	if err = errors.Join(err, before.Close()); err != nil || last == nil {
		c.open.reset()
	}
	return last
}

// scan covers the lines behind the last checkpoint of ours, which it returns.
func (c *Chain) scan(in io.Reader) (*Checkpoint, error) {
	var last *Checkpoint
	err := eachLine(in, func(line []byte) bool {
		found, ok := Parse(line)
		if !ok || !looksOwn(line) || !c.isMine(&found) {
			return false
		}
		last = &found
		c.open.reset()
		return true
	}, func(piece []byte, _ bool) { c.open.add(piece) })
	return last, err
}

func (c *Chain) isMine(found *Checkpoint) bool {
	return found.Node == c.options.Node && found.File == c.options.File && c.options.Key.Public().(ed25519.PublicKey).Equal(found.Key) && found.IsSigned()
}

func (c *Chain) statePath() string {
	return filepath.Join(c.options.StateDir, Dir, c.options.File+".latest")
}

// kept is the latest checkpoint of the state directory, nil where it has none that is ours and whole.
func (c *Chain) kept() *Checkpoint {
	text, err := os.ReadFile(c.statePath())
	if err != nil {
		return nil
	}
	if found, ok := Parse(text); ok && c.isMine(&found) {
		return &found
	}
	return nil
}

// keep writes over the text that was there. A torn one has no valid signature.
func (c *Chain) keep(text string) error {
	if c.state == nil {
		if err := os.MkdirAll(filepath.Dir(c.statePath()), 0o700); err != nil {
			return fmt.Errorf("keeping the latest checkpoint: %w", err)
		}
		file, err := os.OpenFile(c.statePath(), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("keeping the latest checkpoint: %w", err)
		}
		c.state = file
	}
	if _, err := c.state.WriteAt([]byte(text+"\n"), 0); err != nil {
		return fmt.Errorf("keeping the latest checkpoint: %w", err)
	}
	return nil
}

// Close lets go of the state.
func (c *Chain) Close() error {
	if c.state == nil {
		return nil
	}
	file := c.state
	c.state = nil
	return file.Close()
}
