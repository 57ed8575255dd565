package host

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// searchEvery is how old a list may be: a package that brings a new program is rare, and looking at every file is not cheap.
const searchEvery = time.Hour

// search is what the last search has found.
type search struct {
	mu      sync.Mutex
	running bool
	ended   time.Time
	paths   []string
}

// Privileged returns the host's programs that raise the rights of who starts them, sorted: executable files with the setuid or setgid bit or
// with capabilities, on the disks of the host and outside of containers. Directories that this process may not read are left out. Where there
// are more than a thousand, those of root come first and the rest is left out.
//
// The first call searches, which takes seconds on a large disk; later ones return what is known, and search again in the background when
// that is an hour old.
func (r *Root) Privileged() []string {
	s := &r.search
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended.IsZero():
		s.paths, s.ended = choose(r.walk()), time.Now()
	case !s.running && time.Since(s.ended) > searchEvery:
		s.running = true
		go r.searchAgain()
	}
	return slices.Clone(s.paths)
}

func (r *Root) searchAgain() {
	paths := choose(r.walk())
	s := &r.search
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths, s.running, s.ended = paths, false, time.Now()
}

// program is one that raises rights.
type program struct {
	path   string
	ofRoot bool
}

// raises says whether the file at path raises rights, and whether it is root's. One that was deleted meanwhile does not.
func raises(path string, entry fs.DirEntry) (ofRoot, is bool) {
	const execute = 0o111
	info, err := entry.Info()
	if err != nil || info.Mode()&execute == 0 || info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) == 0 && !hasCapabilities(path) {
		return false, false
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	return known && owner.Uid == 0, true
}

func hasCapabilities(path string) bool {
	n, err := unix.Lgetxattr(path, "security.capability", nil)
	return n > 0 || errors.Is(err, unix.ERANGE)
}

// mostPrivileged bounds the list: anybody on a node can give files of his own the setuid bit, and each one that is found becomes a rule.
const mostPrivileged = 1000

// choose keeps the programs of root where there are too many.
func choose(found []program) []string {
	slices.SortStableFunc(found, func(a, b program) int {
		switch {
		case a.ofRoot == b.ofRoot:
			return strings.Compare(a.path, b.path)
		case a.ofRoot:
			return -1
		default:
			return 1
		}
	})
	found = found[:min(len(found), mostPrivileged)]
	paths := make([]string, len(found))
	for i, p := range found {
		paths[i] = p.path
	}
	slices.Sort(paths)
	return paths
}
