// Package onhost changes files of the node and runs programs of the node, where a policy has asked for it.
//
// Paths and contents come in, and the names of programs; what the node then has is in its own file systems, written as its own root would.
// A process of the node works in place. One in a container enters the mount namespace of process 1 for each call, on a thread that ends with
// it: the container's view of the node is read only, and tools such as grub-mkconfig must see the node's mounts as the node does. The package
// decides nothing, and knows neither boot loaders nor audit.
package onhost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// ErrNotAllowed says that nobody has allowed the agent to change the node.
var ErrNotAllowed = errors.New("the agent may not change files of the node: set the chart's value agent.remediation.enabled=true (--remediation)")

// Host is a node that can be changed.
type Host struct {
	root    string
	allowed bool
}

// New returns the host whose root directory is at root for this process. Where it is not allowed every change gives ErrNotAllowed.
func New(root string, allowed bool) Host { return Host{root, allowed} }

// Allowed says whether changes are allowed.
func (h Host) Allowed() bool { return h.allowed }

// Write puts a file in place of what is there, whole or not at all, with the directory that it is in where that is missing.
func (h Host) Write(path string, content []byte, mode fs.FileMode) error {
	return h.inside(func() error {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a directory of the system
			return err
		}
		return renameio.WriteFile(path, content, mode, renameio.WithStaticPermissions(mode))
	})
}

// Link makes a symbolic link in place of what is there.
func (h Host) Link(target, path string) error {
	return h.inside(func() error {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a directory of the system
			return err
		}
		return renameio.Symlink(target, path)
	})
}

// Remove removes a file, a link or an empty directory. One that is not there is no error.
func (h Host) Remove(path string) error {
	return h.inside(func() error {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// Read returns a file's content and mode.
func (h Host) Read(path string) (content []byte, mode fs.FileMode, err error) {
	err = h.inside(func() error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		content, err = os.ReadFile(path)
		mode = info.Mode().Perm()
		return err
	})
	return content, mode, err
}

// inside runs f where paths are those of the node.
func (h Host) inside(f func() error) error {
	switch {
	case !h.allowed:
		return ErrNotAllowed
	case h.root == "/":
		return f()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread has left the container, and ends with this function
		done <- h.entered(f)
	}()
	return <-done
}

// entered takes the calling thread into the mount namespace of process 1, and runs f there.
func (h Host) entered(f func() error) error {
	if err := sameDirectory("/proc/1/root/.", h.root); err != nil {
		return err
	}
	namespace, err := os.Open("/proc/1/ns/mnt")
	if err != nil {
		return fmt.Errorf("entering the node's mount namespace: %w", err)
	}
	defer namespace.Close()
	// Threads of a program share their root and working directory, and one that does may not change its namespace.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("entering the node's mount namespace: %w", err)
	}
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("entering the node's mount namespace (needs CAP_SYS_ADMIN, which the chart's value agent.remediation.enabled gives): %w", err)
	}
	return f()
}

// sameDirectory refuses where process 1 is not that of the node: then its files are those of another machine's administrator.
func sameDirectory(one, other string) error {
	var a, b unix.Stat_t
	if err := unix.Stat(one, &a); err != nil {
		return fmt.Errorf("looking at the root of process 1 (needs CAP_SYS_PTRACE, which the chart's value agent.remediation.enabled gives): %w", err)
	}
	if err := unix.Stat(other, &b); err != nil {
		return fmt.Errorf("looking at the node's root %s: %w", other, err)
	}
	if a.Dev != b.Dev || a.Ino != b.Ino {
		return fmt.Errorf("process 1 has another root directory than the node's at %s: nothing is changed", other)
	}
	return nil
}
