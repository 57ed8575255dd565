package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Machine is a running virtual machine. It is for one goroutine.
type Machine struct {
	dir       string
	namespace string // of the network that qemu runs in; empty: its parent's
	process   *os.Process
	ended     chan struct{} // closed when qemu has ended
	agent     *line         // nil while nobody listens in the guest
}

// Start boots a disk through firmware and boot loader, and returns when systemd says that the node runs.
func Start(ctx context.Context, disk string) (*Machine, error) {
	m, err := create(disk)
	if err == nil {
		err = errors.Join(m.launch(), m.running(ctx))
	}
	return m.orStopped(err)
}

// Wire is a network interface of a machine: a tap interface that is there, in a network namespace that has a name.
type Wire struct {
	Namespace string // Namespace is that of the network, as `ip netns` names it.
	Tap       string // Tap is the interface's name there.
}

// StartWired boots a disk as Start does, in a machine with this much memory (MiB) that has a wire. It takes root.
func StartWired(ctx context.Context, disk string, memory int, wire Wire) (*Machine, error) {
	m, err := create(disk)
	if err == nil {
		m.namespace = wire.Namespace
		err = errors.Join(m.launch("-m", strconv.Itoa(memory), "-netdev", "tap,id=wire,script=no,downscript=no,ifname="+wire.Tap, "-device", "virtio-net-pci,netdev=wire"), m.running(ctx))
	}
	return m.orStopped(err)
}

// Resume continues the machine that Save has left in a folder. It goes on where it was: same boot id, same random numbers; only the clock
// is set.
func Resume(ctx context.Context, folder string) (*Machine, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	m, err := create(filepath.Join(folder, diskFile))
	if err == nil {
		err = m.launch("-incoming", "exec:cat "+quote(filepath.Join(folder, stateFile)))
	}
	if err == nil {
		err = m.proceed(ctx)
	}
	return m.orStopped(err)
}

// create makes the machine's folder, with an overlay of the disk.
func create(disk string) (*Machine, error) {
	disk, err := filepath.Abs(disk)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vm-")
	if err != nil {
		return nil, err
	}
	m := &Machine{dir: dir, ended: make(chan struct{})}
	if err := run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", disk, filepath.Join(dir, diskFile)); err != nil {
		return m, err
	}
	exchange, err := os.Create(filepath.Join(dir, exchangeFile))
	if err != nil {
		return m, err
	}
	defer exchange.Close()
	return m, exchange.Truncate(exchangeSize)
}

// proceed lets a machine go on once its state has been read.
func (m *Machine) proceed(ctx context.Context) error {
	for {
		var now struct {
			Status string `json:"status"`
		}
		if err := m.command(ctx, "query-status", nil, &now); err != nil {
			return err
		}
		if now.Status != "inmigrate" {
			break
		}
		if err := m.pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	if err := m.command(ctx, "cont", nil, nil); err != nil {
		return err
	}
	if err := m.reach(ctx); err != nil {
		return err
	}
	_, err := m.Sh(ctx, fmt.Sprintf("date -s @%.3f", float64(time.Now().UnixMilli())/1000))
	return err
}

// running waits until systemd has started everything.
func (m *Machine) running(ctx context.Context) error {
	if err := m.reach(ctx); err != nil {
		return err
	}
	r, err := m.Sh(ctx, "systemctl is-system-running --wait || systemctl --failed --plain --no-legend")
	if err == nil && r.Code != 0 || strings.TrimSpace(r.Out) != "running" {
		err = errors.Join(err, fmt.Errorf("the node has booted, but systemd says %q", r.Out))
	}
	return err
}

// orStopped returns the machine, or stops it where it has not come up. Its serial line goes into the error.
func (m *Machine) orStopped(err error) (*Machine, error) {
	if err == nil || m == nil {
		return m, err
	}
	err = fmt.Errorf("starting a virtual machine: %w\nthe end of its serial line: %s", err, m.tail(serialFile))
	return nil, errors.Join(err, m.Stop())
}

// Stop ends the machine at once, as if its plug were pulled, and removes its folder.
func (m *Machine) Stop() error {
	if m.process != nil {
		_ = m.process.Kill() // it has ended already where that fails
		<-m.ended
	}
	if m.agent != nil {
		_ = m.agent.conn.Close()
	}
	return os.RemoveAll(m.dir)
}

// Serial returns what the firmware, the boot loader and the kernel have written to the serial line.
func (m *Machine) Serial() ([]byte, error) { return os.ReadFile(filepath.Join(m.dir, serialFile)) }

// tail is the end of one of the machine's logs, for errors.
func (m *Machine) tail(name string) string {
	text, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

func run(program string, args ...string) error {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// quote makes one word of text for a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
