package recording

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// operationEnv is set in the child that makes one system call, to the name of the operation; its directory is in directoryEnv.
const (
	operationEnv = "NODEAUDIT_TEST_OPERATION"
	directoryEnv = "NODEAUDIT_TEST_DIRECTORY"
)

// TestMain is that child where the variable is set.
func TestMain(m *testing.M) {
	do := operations[os.Getenv(operationEnv)]
	if do == nil {
		os.Exit(m.Run())
	}
	dir := os.Getenv(directoryEnv)
	if err := do(func(name string) string { return filepath.Join(dir, name) }); err != nil {
		fmt.Fprintln(os.Stderr, err) // refused is as good as done
	}
}

// operations are system calls on the files of the directory. Several are calls of which the kernel knows the permission in different ways.
var operations = map[string]func(at func(string) string) error{
	"reading a file":                 func(at func(string) string) error { return open(at("d/f"), unix.O_RDONLY) },
	"writing a file":                 func(at func(string) string) error { return open(at("d/f"), unix.O_WRONLY) },
	"writing and reading a file":     func(at func(string) string) error { return open(at("d/f"), unix.O_RDWR) },
	"making a file":                  func(at func(string) string) error { return open(at("d/new"), unix.O_CREAT|unix.O_WRONLY) },
	"writing another file":           func(at func(string) string) error { return open(at("e/g"), unix.O_WRONLY) },
	"writing by the other name":      func(at func(string) string) error { return open(at("e/link"), unix.O_WRONLY) },
	"opening what is not there":      func(at func(string) string) error { return open(at("d/missing"), unix.O_RDONLY) },
	"opening by openat2":             func(at func(string) string) error { return openat2(at("d/f")) },
	"changing the mode":              func(at func(string) string) error { return unix.Chmod(at("d/f"), 0o600) },
	"changing the owner":             func(at func(string) string) error { return unix.Chown(at("d/f"), 1, 1) },
	"setting an attribute":           func(at func(string) string) error { return unix.Setxattr(at("d/f"), "user.a", []byte("b"), 0) },
	"reading an attribute":           func(at func(string) string) error { _, err := unix.Getxattr(at("d/f"), "user.a", nil); return err },
	"truncating":                     func(at func(string) string) error { return unix.Truncate(at("d/f"), 0) },
	"linking":                        func(at func(string) string) error { return unix.Link(at("d/f"), at("d/l")) },
	"removing":                       func(at func(string) string) error { return unix.Unlink(at("d/f")) },
	"renaming in a directory":        func(at func(string) string) error { return unix.Rename(at("d/f"), at("d/h")) },
	"renaming over another file":     func(at func(string) string) error { return unix.Rename(at("d/f"), at("e/g")) },
	"renaming it the other way":      func(at func(string) string) error { return unix.Rename(at("e/g"), at("d/f")) },
	"making a directory":             func(at func(string) string) error { return unix.Mkdir(at("d/sub"), 0o700) },
	"asking for the parent":          func(func(string) string) error { unix.Getppid(); return nil },
	"asking about a file":            func(at func(string) string) error { return unix.Stat(at("d/f"), new(unix.Stat_t)) },
	"setting the host's name":        func(func(string) string) error { return unix.Sethostname(nil) },
	"starting a program":             func(at func(string) string) error { return unix.Exec(at("d/program"), []string{"program"}, nil) },
	"starting one that is not there": func(at func(string) string) error { return unix.Exec(at("d/none"), []string{"none"}, nil) },
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags, 0o600)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func openat2(path string) error {
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_RDWR})
	if err != nil {
		return err
	}
	return unix.Close(fd)
}
