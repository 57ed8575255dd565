package enrich

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// namespace turns the paths that this process sees into those that the host sees. On version 2 a container has its own cgroup namespace:
// the kernel shows all groups relative to it, so that the container itself looks like the host, and the containers beside it lack their pod.
type namespace struct {
	own  bool   // whether this process is in one, at its root
	root string // where that is on the host; empty if it was not found
}

// findNamespace compares what the kernel shows of this process and of init.
func findNamespace(hostRoot string, p *proc) namespace {
	self := os.Getpid()
	if pathOf(p, self) != "/" || !strings.HasPrefix(pathOf(p, 1), "/..") {
		return namespace{}
	}
	return namespace{own: true, root: groupOf(filepath.Join(hostRoot, "sys/fs/cgroup"), self)}
}

// pathOf returns a process's group of version 2.
func pathOf(p *proc, pid int) string {
	text, err := p.read(uint32(pid), "cgroup")
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(text) {
		if shown, ok := bytes.CutPrefix(line, []byte("0::")); ok {
			return string(bytes.TrimSpace(shown))
		}
	}
	return ""
}

// groupOf looks for a process in the host's tree of groups, which is shown as the host sees it. It returns nothing if it is not there.
func groupOf(tree string, pid int) string {
	found := ""
	_ = filepath.WalkDir(tree, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil //nolint:nilerr // a group that ended while it was looked at
		}
		pids, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if err == nil && slices.Contains(strings.Fields(string(pids)), strconv.Itoa(pid)) {
			found = "/" + strings.Trim(strings.TrimPrefix(dir, tree), "/")
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// absolute returns the text of /proc/PID/cgroup as the host sees it. It is false where only the namespace's root would tell.
func (n namespace) absolute(text string) (string, bool) {
	shown, ok := strings.CutPrefix(text, "0::")
	if !n.own || !ok {
		return text, true
	}
	shown = strings.TrimSuffix(shown, "\n")
	if n.root == "" {
		return text, shown != "/"
	}
	return "0::" + path.Join(n.root, shown) + "\n", true
}
