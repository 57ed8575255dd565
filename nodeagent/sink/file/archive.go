package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// archive is the rotated files of one log. It is safe for concurrent use: the writer shifts their names while one of them is packed.
type archive struct {
	dir, base string
	path      string // of the current file
	maxFiles  int

	mu sync.Mutex // held while names change
}

func newArchive(options Options) *archive {
	base := filepath.Base(options.Path)
	return &archive{dir: options.Dir, base: base, path: filepath.Join(options.Dir, base), maxFiles: options.MaxFiles}
}

// temporary is the path of the file that is being packed. It begins with a dot, which no sink's file may.
func (a *archive) temporary() string {
	return filepath.Join(a.dir, "."+a.base+packed+".tmp")
}

// list returns the rotated files in the order of their names' bytes.
func (a *archive) list() ([]rotated, error) {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return nil, err
	}
	var files []rotated
	for _, entry := range entries {
		if file, ok := parseName(a.base, entry.Name()); ok && entry.Type().IsRegular() {
			files = append(files, file)
		}
	}
	return files, nil
}

// recover removes what a crash left, and what a smaller MaxFiles leaves over. Where a file is there both plain and packed, the packed one
// is whole: it got its name last.
func (a *archive) recover() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := errors.Join(remove(a.temporary()), remove(a.temporary()+index.Suffix)); err != nil {
		return fmt.Errorf("removing a leftover: %w", err)
	}
	files, err := a.list()
	if err != nil {
		return fmt.Errorf("listing rotated logs: %w", err)
	}
	isPacked := make(map[int]bool)
	for _, file := range files {
		isPacked[file.number] = isPacked[file.number] || file.packed
	}
	for _, file := range files {
		if file.number > a.maxFiles || isPacked[file.number] && !file.packed {
			if err := a.drop(file); err != nil {
				return fmt.Errorf("removing a rotated log: %w", err)
			}
		}
	}
	if err := a.dropStrayIndexes(); err != nil {
		return fmt.Errorf("removing a leftover: %w", err)
	}
	return nil
}

// take makes the current file number 1. The others move up as far as there is no gap; the oldest goes when there are too many. After a
// crash or an error in the middle there is a gap, and the next call fills it.
func (a *archive) take() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	files, err := a.list()
	if err != nil {
		return err
	}
	named := make(map[int][]rotated)
	for _, file := range files {
		named[file.number] = append(named[file.number], file)
	}
	gap := 1
	for gap < a.maxFiles && len(named[gap]) > 0 {
		gap++
	}
	for _, file := range named[gap] {
		if err := a.drop(file); err != nil {
			return err
		}
	}
	for number := gap - 1; number >= 1; number-- {
		for _, file := range named[number] {
			if err := a.move(file, rotated{number: number + 1, packed: file.packed}); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(a.path, a.pathOf(rotated{number: 1})); err != nil {
		return err
	}
	return syncDir(a.dir)
}

// find returns the plain rotated file that is the same as info, whatever its number is by now.
func (a *archive) find(info fs.FileInfo) (rotated, bool) {
	for number := 1; number <= a.maxFiles; number++ {
		file := rotated{number: number}
		if other, err := os.Lstat(a.pathOf(file)); err == nil && os.SameFile(info, other) {
			return file, true
		}
	}
	return rotated{}, false
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
