package configure

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"
)

// tree is a node whose root directory is a folder. Its programs are shell scripts, which get the folder as $ROOT.
type tree struct {
	t         *testing.T
	root      string
	forbidden bool
	ran       []string
}

// plant writes the files of an archive; those below usr/bin and usr/sbin are programs.
func plant(t *testing.T, file string) *tree {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	n := &tree{t: t, root: t.TempDir()}
	for _, f := range archive.Files {
		mode := fs.FileMode(0o644)
		if ok, _ := filepath.Match("usr/*bin/*", f.Name); ok {
			mode = 0o755
		}
		n.put("/"+f.Name, string(f.Data), mode)
	}
	return n
}

func (n *tree) put(path, text string, mode fs.FileMode) {
	n.t.Helper()
	full := filepath.Join(n.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), mode); err != nil {
		n.t.Fatal(err)
	}
}

func (n *tree) Allowed() bool { return !n.forbidden }

func (n *tree) Read(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(filepath.Join(n.root, path))
	if err != nil {
		return nil, 0, err
	}
	text, err := os.ReadFile(filepath.Join(n.root, path))
	return text, info.Mode().Perm(), err
}

func (n *tree) Write(path string, content []byte, mode fs.FileMode) error {
	full := filepath.Join(n.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, content, mode)
}

func (n *tree) Remove(path string) error {
	if err := os.Remove(filepath.Join(n.root, path)); !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (n *tree) Run(ctx context.Context, program string, args ...string) (string, error) {
	n.ran = append(n.ran, program)
	command := exec.CommandContext(ctx, "/bin/sh", slices.Concat([]string{filepath.Join(n.root, program)}, args)...)
	command.Env = append(os.Environ(), "ROOT="+n.root)
	out, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %v: %w: %s", program, args, err, out)
	}
	return string(out), err
}

// snapshot is every file with its mode, to compare before and after.
func (n *tree) snapshot() map[string]string {
	n.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(n.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if d.Type().IsRegular() {
			read, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(read)
		}
		all[path[len(n.root):]] = info.Mode().String() + " " + text
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return all
}
