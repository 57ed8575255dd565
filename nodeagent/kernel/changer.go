package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// ChangerCommand is the first argument with which Apply starts the running program again; the second is the host's root. The program's main
// must pass it to RunChanger before anything else.
const ChangerCommand = "kernel-changer"

// A request is one byte of Op, four of length and the rule; an answer is four bytes of errno. Numbers are in the machine's own order.
const (
	requestHeader = 5
	answerSize    = 4
)

// errChanger says that the child ended before it had answered.
var errChanger = errors.New("the process that changes rules in the host's root ended")

// changer is the child, seen from the parent. Each change waits for its answer, so that no more than one is under way when the parent dies:
// the child then finds its input closed.
type changer struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     io.ReadCloser
	words   bytes.Buffer
}

func startChanger(hostRoot string) (*changer, error) {
	c := &changer{command: exec.Command("/proc/self/exe", ChangerCommand, hostRoot)} //nolint:gosec // our own program
	c.command.Stderr = &c.words
	c.command.WaitDelay = time.Second
	var errIn, errOut error
	c.in, errIn = c.command.StdinPipe()
	c.out, errOut = c.command.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, fmt.Errorf("connecting to the process that changes rules: %w", err)
	}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the process that changes rules: %w", err)
	}
	return c, nil
}

// do makes one change. The errno that the child answers is explained here, where the status can be read.
func (c *changer) do(client *Client, change Change) error {
	answer := make([]byte, answerSize)
	_, err := c.in.Write(frame(change))
	if err == nil {
		_, err = io.ReadFull(c.out, answer)
	}
	if err != nil {
		c.end()
		return fmt.Errorf("%w: %s", errChanger, strings.TrimSpace(c.words.String()))
	}
	if code := binary.NativeEndian.Uint32(answer); code != 0 {
		client.mu.Lock()
		defer client.mu.Unlock()
		return fmt.Errorf("%s: %w", change.Op, client.explain(unix.Errno(code)))
	}
	return nil
}

// end lets the child end. Its exit status says nothing that its answers have not said.
func (c *changer) end() {
	_ = c.in.Close()
	_ = c.command.Wait()
}

func frame(change Change) []byte {
	request := append(make([]byte, 0, requestHeader+len(change.Rule)), byte(change.Op))
	request = binary.NativeEndian.AppendUint32(request, uint32(len(change.Rule)))
	return append(request, change.Rule...)
}

// RunChanger is the child: it enters root and makes the changes that come in, until its input ends. It changes the root directory of the
// whole process, which must do nothing else.
func RunChanger(root string, in io.Reader, out io.Writer) error {
	if err := unix.Chroot(root); err != nil {
		return fmt.Errorf("entering the host's root %s (needs CAP_SYS_CHROOT): %w", root, err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("entering the host's root %s: %w", root, err)
	}
	client, err := Open()
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		change, err := readChange(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a change: %w", err)
		}
		if _, err := out.Write(answer(client.change(change))); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
}

func readChange(in io.Reader) (Change, error) {
	header := make([]byte, requestHeader)
	if _, err := io.ReadFull(in, header); err != nil {
		return Change{}, err
	}
	length := binary.NativeEndian.Uint32(header[1:])
	if length > largest {
		return Change{}, fmt.Errorf("a rule of %d bytes", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return Change{}, err
	}
	return Change{Op: Op(header[0]), Rule: rule.Wire(text)}, nil
}

// answer encodes the result of a change. What is no errno is a bug or a broken socket: EIO.
func answer(err error) []byte {
	var code unix.Errno
	if err != nil && !errors.As(err, &code) {
		code = unix.EIO
	}
	return binary.NativeEndian.AppendUint32(nil, uint32(code))
}

// hopeless says whether every further change would meet the same error.
func hopeless(err error) bool {
	return errors.Is(err, ErrLocked) || errors.Is(err, ErrNotPermitted) || errors.Is(err, ErrUnsupported) || errors.Is(err, errChanger)
}
