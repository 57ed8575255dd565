package file

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// The index of a rotated file lies beside it. It is a help for those who search, and never a reason to fail: who reads it looks whether it belongs
// to the file.

// move gives a rotated file another number, and its index too.
func (a *archive) move(from, to rotated) error {
	if err := os.Rename(a.pathOf(from), a.pathOf(to)); err != nil {
		return err
	}
	if err := os.Rename(a.pathOf(from)+index.Suffix, a.pathOf(to)+index.Suffix); err != nil {
		return remove(a.pathOf(to) + index.Suffix) // it is another file's
	}
	return nil
}

// drop removes a rotated file and its index.
func (a *archive) drop(file rotated) error {
	return errors.Join(os.Remove(a.pathOf(file)), remove(a.pathOf(file)+index.Suffix))
}

// dropStrayIndexes removes those that a crash left without their file.
func (a *archive) dropStrayIndexes() error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, isIndex := strings.CutSuffix(entry.Name(), index.Suffix)
		file, ok := parseName(a.base, name)
		if !isIndex || !ok || !entry.Type().IsRegular() {
			continue
		}
		if _, err := os.Lstat(a.pathOf(file)); errors.Is(err, os.ErrNotExist) {
			if err := remove(a.pathOf(file) + index.Suffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeIndex writes the index of a file to its own temporary file, where it says anything.
func writeIndex(path string, b *index.Builder) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	x := b.Index(info.ModTime().UnixNano())
	if !x.Tells() || x.Size != info.Size() {
		return nil
	}
	file, err := os.OpenFile(path+index.Suffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(x.Append(nil))
	return errors.Join(err, file.Close())
}
