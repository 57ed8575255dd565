package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// anchor is the directory that a rule hangs on. The rule goes when the directory is removed and, unless it is a directory rule, when the
// directory is given another name or place itself; what happens further up does not matter.
type anchor struct {
	directory *os.File
	place     string
	moves     bool
}

// resolve looks at the path of a rule as the kernel does: a directory rule hangs on its directory, every other rule with a path on the
// directory that the path is in.
func (m *Memory) resolve(w rule.Wire) (*anchor, error) {
	field, path := pathOf(w)
	if field == 0 {
		return nil, nil
	}
	if !strings.HasPrefix(path, "/") || field == fieldWatch && strings.HasSuffix(path, "/") {
		return nil, unix.EINVAL
	}
	if field != fieldDir {
		path = filepath.Dir(path)
	}
	// Kept open, so that no new directory gets its inode.
	directory, err := os.OpenFile(filepath.Join(m.root, path), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, kernel.ErrNotFound
	}
	return &anchor{directory: directory, place: place(directory), moves: field == fieldDir}, nil
}

// deletable says whether a request to delete the rule can find it: the kernel looks the path of a program up once more.
func (m *Memory) deletable(w rule.Wire) bool {
	if field, _ := pathOf(w); field != fieldExe {
		return true
	}
	_, err := m.resolve(w)
	return err == nil
}

func (a *anchor) gone() bool {
	var stat unix.Stat_t
	removed := unix.Fstat(int(a.directory.Fd()), &stat) != nil || stat.Nlink == 0
	return removed || !a.moves && place(a.directory) != a.place
}

// place is the name of a directory and which one it is in, whatever that one's own name and place are.
func place(directory *os.File) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", directory.Fd()))
	if err != nil {
		return ""
	}
	var upper unix.Stat_t
	if unix.Stat(filepath.Dir(path), &upper) != nil {
		return ""
	}
	return fmt.Sprintf("%d:%d:%s", upper.Dev, upper.Ino, filepath.Base(path))
}
