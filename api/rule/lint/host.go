package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// host is a node that has every user and group. Which paths are directories it knows from Files, and guesses without.
type host struct {
	machine string
	files   Files
	ids     map[string]uint32
	above   map[string]bool // directories of which a rule names something below
}

func newHost(files Files, rules []rule.Rule) *host {
	h := &host{files: files, ids: map[string]uint32{"user root": 0, "group root": 0}, above: map[string]bool{}}
	for _, r := range rules {
		for _, p := range r.Paths() {
			h.above[path.Dir(path.Clean(p))] = true
		}
	}
	return h
}

func (h *host) Machine() string                    { return h.machine }
func (h *host) UserID(name string) (uint32, bool)  { return h.id("user " + name), true }
func (h *host) GroupID(name string) (uint32, bool) { return h.id("group " + name), true }

// id makes up a number for a name, above those that rules compare with.
func (h *host) id(name string) uint32 {
	if _, known := h.ids[name]; !known {
		h.ids[name] = 1<<30 + uint32(len(h.ids))
	}
	return h.ids[name]
}

func (h *host) IsDir(p string) bool {
	if h.files == nil {
		return h.above[p] || looksLikeDirectory(p)
	}
	kind, target := h.files.Look(p)
	if kind == Symlink {
		kind, _ = h.files.Look(target)
	}
	return kind == Directory
}

// looksLikeDirectory guesses from the name alone.
func looksLikeDirectory(p string) bool {
	name := path.Base(p)
	if strings.HasSuffix(path.Dir(p), "bin") { // where programs are named like their directories elsewhere
		return false
	}
	return name == "/" || strings.HasSuffix(name, ".d") || strings.HasPrefix(name, "cron.") || slices.Contains(usualDirectories, name)
}

// usualDirectories are the last parts of paths that are directories on nearly every Linux. They are only used to guess.
var usualDirectories = strings.Fields(`etc bin sbin lib lib64 usr var opt home root tmp srv boot dev proc sys run mnt media local share log spool
	cron audit sysconfig security ssl certs ssh systemd system network-scripts netplan apparmor selinux modules kubernetes manifests pki kubelet
	containerd docker crio etcd cni lock state shm libexec cgroup journal at skel pam`)
