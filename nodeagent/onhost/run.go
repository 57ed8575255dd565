package onhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// longest is how long a program may take. grub-mkconfig asks every disk when os-prober is installed.
	longest = 5 * time.Minute
	// tail is how much of what a failed program wrote gets into the error.
	tail = 1024
)

// Run runs a program of the node, and returns what it wrote. The error of one that fails has the end of that.
func (h Host) Run(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	var said bytes.Buffer
	err := h.inside(func() error {
		command := exec.CommandContext(ctx, program, args...)                                                                 //nolint:gosec // programs that this project names
		command.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root"} // none of the container's
		command.Dir = "/"
		command.Stdout, command.Stderr = &said, &said
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) } // with what it has started
		command.WaitDelay = time.Second
		return command.Run()
	})
	if err == nil || errors.Is(err, ErrNotAllowed) {
		return said.String(), err
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("%w after %s", ctx.Err(), longest)
	}
	return said.String(), fmt.Errorf("running %s: %w: %s", strings.Join(append([]string{program}, args...), " "), err, last(said.String()))
}

// last is the end of a text, in whole lines where there are some.
func last(text string) string {
	text = strings.TrimSpace(text)
	if len(text) <= tail {
		return strings.ToValidUTF8(text, "?")
	}
	text = text[len(text)-tail:]
	if _, rest, found := strings.Cut(text, "\n"); found {
		text = rest
	}
	return "… " + strings.ToValidUTF8(text, "?")
}
