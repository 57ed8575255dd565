// Package host looks at the node below its root directory, as a container sees it at /host or a process of the node at /.
//
// Paths, user and group names come in; whether a path is a directory, the numeric ids, the machine, the boot id and the programs that raise
// rights go out. Every path is resolved within the root: a symbolic link to /etc means the node's /etc, never the container's. The package
// changes nothing, and knows nothing of Kubernetes.
package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"
)

// Root is the root directory of a host. It is a rule.Host, and safe for concurrent use.
type Root struct {
	path          string
	mu            sync.Mutex
	users, groups table
	search        search
}

// New returns the host whose root directory is at path.
func New(path string) *Root {
	return &Root{path: path, users: table{file: "/etc/passwd"}, groups: table{file: "/etc/group"}}
}

// Path is where the root directory is for this process.
func (r *Root) Path() string { return r.path }

// IsDir says whether the path is a directory. A path that does not exist is none, nor one that cannot be looked at.
func (r *Root) IsDir(path string) bool {
	inside, err := securejoin.SecureJoin(r.path, path)
	if err != nil {
		return false
	}
	info, err := os.Lstat(inside)
	return err == nil && info.IsDir()
}

// Identity tells a directory from another one that has its name at another time: device and inode. It is empty where there is none.
func (r *Root) Identity(path string) string {
	inside, err := securejoin.SecureJoin(r.path, path)
	if err != nil {
		return ""
	}
	var stat unix.Stat_t
	if err := unix.Lstat(inside, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		return ""
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}

// UserID returns the id of a user in the host's /etc/passwd. Other sources of users, such as LDAP, are not asked.
func (r *Root) UserID(name string) (uint32, bool) { return r.id(&r.users, name) }

// GroupID returns the id of a group in the host's /etc/group.
func (r *Root) GroupID(name string) (uint32, bool) { return r.id(&r.groups, name) }

func (r *Root) id(t *table, name string) (uint32, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path, err := securejoin.SecureJoin(r.path, t.file)
	if err != nil {
		return 0, false
	}
	t.refresh(path)
	id, found := t.ids[name]
	return id, found
}

// Machine is the architecture as uname(2) says it, for example x86_64. It is that of the running kernel, whatever the root.
func (r *Root) Machine() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "" // cannot be: the only error is a bad address
	}
	machine, _, _ := bytes.Cut(name.Machine[:], []byte{0})
	return string(machine)
}

// BootID is the kernel's boot id, which changes with every boot: random(4). It is that of the running kernel, whatever the root.
func BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading the boot id: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// BootTime is when the running kernel was started, by the clock of now, to the second.
func BootTime() (time.Time, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the time of the boot: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if after, found := strings.CutPrefix(line, "btime "); found {
			seconds, err := strconv.ParseInt(strings.TrimSpace(after), 10, 64)
			if err != nil {
				return time.Time{}, fmt.Errorf("reading the time of the boot: %w", err)
			}
			return time.Unix(seconds, 0).UTC(), nil
		}
	}
	return time.Time{}, errors.New("reading the time of the boot: /proc/stat has no line btime")
}
