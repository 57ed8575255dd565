package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// disk is a file system of its own in a file, mounted where the agent keeps its queue. The file has what the kernel has written out: that is what a power cut
// leaves. What only the page cache has is not in it.
type disk struct {
	image, at string
	mounted   bool
}

const diskSize = 256 << 20

func newDisk(image, at string) (*disk, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("needs root to mount a file system")
	}
	file, err := os.Create(image)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(file.Truncate(diskSize), file.Close()); err != nil {
		return nil, err
	}
	if err := command("mkfs.ext4", "-q", "-F", image); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, err
	}
	d := &disk{image: image, at: at}
	return d, d.mount()
}

func (d *disk) mount() error {
	err := command("mount", "-o", "loop", d.image, d.at)
	d.mounted = err == nil
	return err
}

// cut copies what the disk has while the agent stands still, ends the agent, and puts the copy in the place of the disk.
func (d *disk) cut(s *sender) error {
	time.Sleep(100 * time.Millisecond) // a write that it had begun ends
	if err := copySparse(d.image, d.image+".cut"); err != nil {
		return err
	}
	s.kill()
	if err := d.unmount(); err != nil {
		return err
	}
	if err := os.Rename(d.image+".cut", d.image); err != nil {
		return err
	}
	return d.mount()
}

func (d *disk) unmount() error {
	d.mounted = false
	return command("umount", d.at)
}

func (d *disk) end() {
	if d.mounted {
		if err := d.unmount(); err != nil {
			fmt.Fprintln(os.Stderr, "faults:", err)
			_ = syscall.Unmount(d.at, syscall.MNT_DETACH)
		}
	}
}

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// copySparse leaves holes where there is nothing but zeros.
func copySparse(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	block, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); err == nil; at += int64(len(block)) {
		if _, err = io.ReadFull(in, block); err == nil && string(block) != string(zeros) {
			_, err = out.WriteAt(block, at)
		}
	}
	if errors.Is(err, io.EOF) {
		err = out.Truncate(diskSize)
	}
	return errors.Join(err, out.Close())
}
