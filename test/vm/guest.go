package vm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Result is what a command in the guest came to.
type Result struct {
	// Code is its exit status, or 128 and the signal that ended it.
	Code int
	// Out and Err are what it wrote.
	Out, Err string
}

// reach waits for the agent in the guest.
func (m *Machine) reach(ctx context.Context) error {
	m.leave()
	for {
		l, err := m.dial(ctx, agentSocket)
		if err != nil {
			return err
		}
		try, cancel := context.WithTimeout(ctx, time.Second) // what is written before the agent listens is lost
		err = l.agree(try)
		cancel()
		if err == nil {
			m.agent = l
			return nil
		}
		_ = l.conn.Close()
		if err := m.pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for the agent in the guest: %w", err)
		}
	}
}

func (m *Machine) leave() {
	if m.agent != nil {
		_ = m.agent.conn.Close()
		m.agent = nil
	}
}

// Exec runs a program in the guest, with input on its standard input.
func (m *Machine) Exec(ctx context.Context, input []byte, program string, args ...string) (Result, error) {
	if m.agent == nil {
		return Result{}, errors.New("nobody listens in the guest")
	}
	var begun struct {
		PID int `json:"pid"`
	}
	err := m.agent.request(ctx, "guest-exec", map[string]any{
		"path": program, "arg": append([]string{}, args...), "input-data": append([]byte{}, input...), "capture-output": true,
		"env": []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"},
	}, &begun)
	wait := 5 * time.Millisecond
	for ; err == nil; wait = min(2*wait, 200*time.Millisecond) {
		var now struct {
			Exited bool   `json:"exited"`
			Code   int    `json:"exitcode"`
			Signal int    `json:"signal"`
			Out    []byte `json:"out-data"`
			Err    []byte `json:"err-data"`
		}
		err = m.agent.request(ctx, "guest-exec-status", map[string]any{"pid": begun.PID}, &now)
		if err == nil && now.Exited {
			if now.Signal != 0 {
				now.Code = 128 + now.Signal
			}
			return Result{now.Code, string(now.Out), string(now.Err)}, nil
		}
		err = cmp.Or(err, m.pause(ctx, wait))
	}
	return Result{}, fmt.Errorf("running %s in the guest: %w", program, err)
}

// Sh runs a shell script in the guest.
func (m *Machine) Sh(ctx context.Context, script string) (Result, error) {
	return m.Exec(ctx, nil, "/bin/sh", "-c", script)
}

// Push copies a file into the guest, with its mode. It goes over a disk: the agent's line takes a second for every 2 MB. The guest reads past
// its cache, which may hold what was on that disk before.
func (m *Machine) Push(ctx context.Context, source, target string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if info.Size() > exchangeSize {
		return fmt.Errorf("%s has %d bytes, of which %d fit", source, info.Size(), exchangeSize)
	}
	to, err := os.OpenFile(filepath.Join(m.dir, exchangeFile), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return errors.Join(err, to.Close())
	}
	if err := to.Close(); err != nil {
		return err
	}
	const block = 1 << 20
	r, err := m.Sh(ctx, fmt.Sprintf("dd if=/dev/vdb bs=%d count=%d iflag=direct status=none | head -c %d >%[4]s && chmod %[5]o %[4]s",
		block, (info.Size()+block-1)/block, info.Size(), quote(target), info.Mode().Perm()))
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("writing %s in the guest: %s", target, r.Err)
	}
	return err
}

// Reboot goes through firmware and boot loader, and returns when systemd says that the node runs again.
func (m *Machine) Reboot(ctx context.Context) error {
	before, err := m.bootID(ctx)
	if err != nil {
		return err
	}
	if _, err := m.Sh(ctx, "systemctl --no-block reboot"); err != nil && ctx.Err() != nil {
		return err // else the agent went down before it could answer
	}
	return m.again(ctx, before)
}

// Cut takes the power away for a moment: what the guest has not written to its disk by then is gone. It returns when systemd says that the node runs again.
func (m *Machine) Cut(ctx context.Context) error {
	before, err := m.bootID(ctx)
	if err != nil {
		return err
	}
	if err := m.command(ctx, "system_reset", nil, nil); err != nil {
		return err
	}
	return m.again(ctx, before)
}

// again waits for a boot after the one with this id.
func (m *Machine) again(ctx context.Context, before string) error {
	for {
		if err := m.reach(ctx); err != nil {
			return err
		}
		try, cancel := context.WithTimeout(ctx, 3*time.Second)
		now, err := m.bootID(try)
		cancel()
		if err == nil && now != before {
			return m.running(ctx)
		}
		if err := m.pause(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for the next boot: %w", err)
		}
	}
}

func (m *Machine) bootID(ctx context.Context) (string, error) {
	r, err := m.Sh(ctx, "cat /proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(r.Out), err
}
