//go:build linux

package trace

import (
	"bytes"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/cilium/ebpf"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

// groups knows the paths of control groups by their ids, also of those that are gone.
type groups struct {
	table *ebpf.Map
	hierarchies
	known  [2]map[uint64]string // of version 2 and version 1
	walked time.Time
	log    *slog.Logger
}

const (
	// maxKnown bounds what is remembered of each hierarchy; a node with the most pods that Kubernetes allows has some thousand groups.
	maxKnown = 16384
	// walkAgain is the shortest time between two walks through all groups, for one that nothing has told of.
	walkAgain = 2 * time.Second
)

func newGroups(table *ebpf.Map, found hierarchies, log *slog.Logger) *groups {
	return &groups{table: table, hierarchies: found, known: [2]map[uint64]string{{}, {}}, log: log}
}

// paths returns the paths of a process's groups. It is false unless all are known: the missing one may be the one that tells.
func (g *groups) paths(of ids) (found enrich.Groups, ok bool) {
	if g.unified != nil {
		if found.Unified, ok = g.path(0, g.unified, of.Unified); !ok {
			return found, false
		}
	}
	if g.legacy != nil {
		found.Legacy, ok = g.path(1, g.legacy, of.Legacy)
	}
	return found, ok
}

func (g *groups) path(version int, in *hierarchy, id uint64) (string, bool) {
	if path, ok := g.known[version][id]; ok {
		return path, true
	}
	if path, ok := g.told(in, id); ok {
		g.learn(version, id, path)
		return path, true
	}
	if time.Since(g.walked) < walkAgain {
		return "", false
	}
	g.walk()
	path, ok := g.known[version][id]
	return path, ok
}

// told asks the kernel's table, which has the groups that were made since Open. A path that fills it may be longer than that.
func (g *groups) told(in *hierarchy, id uint64) (string, bool) {
	key := groupKey{Hierarchy: uint64(in.number), ID: id}
	var path groupPath
	if err := g.table.Lookup(&key, &path); err != nil {
		return "", false
	}
	end := bytes.IndexByte(path[:], 0)
	if end <= 0 || end == len(path)-1 {
		return "", false
	}
	return string(path[:end]), true
}

func (g *groups) learn(version int, id uint64, path string) {
	if len(g.known[version]) >= maxKnown {
		clear(g.known[version])
	}
	g.known[version][id] = path
}

// walk reads the ids of all groups that there are.
func (g *groups) walk() {
	g.walked = time.Now()
	for version, in := range []*hierarchy{g.unified, g.legacy} {
		if in != nil {
			g.walkTree(version, in.dir)
		}
	}
}

func (g *groups) walkTree(version int, root string) {
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil {
			if dir == root {
				return err
			}
			return nil // a group that ended while it was looked at
		}
		if !entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // likewise
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			g.learn(version, stat.Ino, "/"+strings.Trim(strings.TrimPrefix(dir, root), "/"))
		}
		return nil
	})
	if err != nil {
		g.log.Warn("cannot read the control groups", "dir", root, "err", err)
	}
}
