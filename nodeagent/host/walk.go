package host

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// containers are directories of container runtimes and of the kubelet: the programs below them are those of containers.
var containers = []string{
	"/run/containerd", "/run/containers", "/run/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/kubelet",
	"/var/lib/rancher",
}

// isStorage recognises what runtimes keep in other places than usual, by the names that they give to it.
func isStorage(path string) bool {
	name := filepath.Base(path)
	return name == "overlay2" || strings.HasPrefix(name, "io.containerd.") || strings.HasSuffix(path, "/containers/storage")
}

// walk looks at every file of the host's disks.
func (r *Root) walk() []program {
	root, err := filepath.EvalSymlinks(r.path)
	if err != nil {
		return nil
	}
	skip := r.skipped(root)
	var found []program
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		readable := err == nil
		if entry != nil && entry.IsDir() && (!readable || skip[path] || isStorage(path)) {
			return fs.SkipDir
		}
		if !readable || !entry.Type().IsRegular() || !fitsRule(path) {
			return nil
		}
		if ofRoot, is := raises(path, entry); is {
			found = append(found, program{"/" + strings.TrimLeft(strings.TrimPrefix(path, root), "/"), ofRoot})
		}
		return nil
	})
	return found
}

// skipped are the directories that walk does not enter. The root itself is never one: a container may have it under other options.
func (r *Root) skipped(root string) map[string]bool {
	skip := map[string]bool{}
	if table, err := os.Open("/proc/self/mountinfo"); err == nil {
		defer table.Close()
		skip = foreignMounts(table)
	}
	for _, dir := range containers {
		if inside, err := securejoin.SecureJoin(root, dir); err == nil {
			skip[inside] = true
		}
	}
	delete(skip, root)
	return skip
}

// fitsRule says whether a rule can name the path: it is no longer than PATH_MAX, and has no line breaks with which a name could look like a
// rule of its own.
func fitsRule(path string) bool {
	const pathMax = 4096
	return len(path) < pathMax && !strings.ContainsFunc(path, func(c rune) bool { return c < ' ' })
}
