package onhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// role is the environment variable with which the test starts itself again, and place the folder that it works in.
const role, place = "ONHOST_ROLE", "ONHOST_PLACE"

func TestMain(m *testing.M) {
	roles := map[string]func(dir string) error{"first process": asFirst, "container": inContainer}
	if act, is := roles[os.Getenv(role)]; is {
		if err := act(os.Getenv(place)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// as starts this program again in namespaces of its own.
func as(name, dir string, namespaces uintptr) error {
	again := exec.Command("/proc/self/exe", "-test.run=^$")
	again.Env = append(os.Environ(), role+"="+name, place+"="+dir)
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if out, err := again.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// asFirst is process 1 of a node.
func asFirst(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	return as("container", dir, syscall.CLONE_NEWNS)
}

// inContainer sees an empty file system where the host has dir, and the host's root read only at dir/host.
func inContainer(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		return err
	}
	host := filepath.Join(dir, "host")
	if err := os.Mkdir(host, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("/", host, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if err := unix.Mount("", host, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	h := New(host, true)
	if err := h.Write(filepath.Join(dir, "made/file"), []byte("text"), 0o640); err != nil {
		return err
	}
	if _, err := h.Run(context.Background(), "/bin/sh", "-c", "cat "+dir+"/made/file >"+dir+"/copy"); err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		return fmt.Errorf("this program has left its namespace: %v, %w", entries, err)
	}
	return nil
}

func TestAContainerChangesTheNodeAndStaysWhereItIs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make namespaces")
	}
	dir := t.TempDir()
	if err := as("first process", dir, syscall.CLONE_NEWNS|syscall.CLONE_NEWPID); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "copy"))
	info, err1 := os.Stat(filepath.Join(dir, "made/file"))
	if err != nil || err1 != nil || string(text) != "text" || info.Mode().Perm() != 0o640 {
		t.Errorf("%q, %v, %v, %v", text, info, err, err1)
	}
}

func TestNothingIsChangedWhereNobodyHasAllowedIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	h := New("/", false)
	_, _, errRead := h.Read("/etc/passwd")
	_, errRun := h.Run(t.Context(), "/bin/sh", "-c", "echo >"+file)
	for _, err := range []error{h.Write(file, nil, 0o600), h.Link("x", file), h.Remove("/"), errRead, errRun} {
		if !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%v", err)
		}
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it was written")
	}
}

// A node of the local cluster is no machine of its own: process 1 is that of another one.
func TestTheFilesOfAnotherMachineAreLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := New(t.TempDir(), true).Write(file, nil, 0o600); err == nil {
		t.Error("written")
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it was written")
	}
}

func TestFilesOfTheNode(t *testing.T) {
	h, file := New("/", true), filepath.Join(t.TempDir(), "a/b/file")
	for _, text := range []string{"one", "two"} {
		if err := h.Write(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, mode, err := h.Read(file); string(got) != text || mode != 0o644 || err != nil {
			t.Errorf("%q, %o, %v", got, mode, err)
		}
	}
	link := filepath.Join(filepath.Dir(file), "links/link")
	if err := errors.Join(h.Link("../file", link), h.Link("../file", link)); err != nil {
		t.Error(err)
	}
	if got, _, err := h.Read(link); string(got) != "two" || err != nil {
		t.Errorf("through the link: %q, %v", got, err)
	}
	if err := errors.Join(h.Remove(file), h.Remove(file)); err != nil {
		t.Error(err)
	}
}

func TestAProgramThatFailsSaysWhy(t *testing.T) {
	h := New("/", true)
	out, err := h.Run(t.Context(), "/bin/sh", "-c", "echo $FOREIGN$LC_ALL")
	if out != "C\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	_, err = h.Run(t.Context(), "/bin/sh", "-c", "seq 2000; echo no space left >&2; exit 3")
	if err == nil || !strings.HasSuffix(err.Error(), "no space left") || len(err.Error()) > 2*tail || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := h.Run(ctx, "/bin/sh", "-c", "sleep 1000 & wait"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
