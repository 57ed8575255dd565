package host

import (
	"maps"
	"slices"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// Names knows what the users and groups of a host are called, as its /etc/passwd and /etc/group say. Other sources, such as LDAP, are not
// asked. It is for one goroutine.
type Names struct {
	root          string
	users, groups named
}

// named are the names in a file by their number.
type named struct {
	table table
	names map[uint32]string
	// recent are those that were asked for last, also such that have no name: a log asks for the same few again and again.
	recent [64]recentName
}

type recentName struct {
	id    uint32
	known bool
	name  string
}

// NewNames returns the names of the host whose root directory is at path.
func NewNames(path string) *Names {
	n := &Names{root: path, users: named{table: table{file: "/etc/passwd"}}, groups: named{table: table{file: "/etc/group"}}}
	n.Refresh()
	return n
}

// Refresh reads the files again where they have changed.
func (n *Names) Refresh() {
	n.users.refresh(n.root)
	n.groups.refresh(n.root)
}

// User returns the name of a user, or nothing.
func (n *Names) User(uid uint32) string { return n.users.name(uid) }

// Group returns the name of a group, or nothing.
func (n *Names) Group(gid uint32) string { return n.groups.name(gid) }

// refresh takes the first name by the alphabet where several have one number, as that of the file's order is not kept.
func (n *named) refresh(root string) {
	before := n.table.state
	if path, err := securejoin.SecureJoin(root, n.table.file); err == nil {
		n.table.refresh(path)
	}
	if n.names != nil && n.table.state == before {
		return
	}
	n.names = make(map[uint32]string, len(n.table.ids))
	for _, name := range slices.Sorted(maps.Keys(n.table.ids)) {
		if id := n.table.ids[name]; n.names[id] == "" {
			n.names[id] = name
		}
	}
	n.recent = [64]recentName{}
}

func (n *named) name(id uint32) string {
	r := &n.recent[id%uint32(len(n.recent))]
	if !r.known || r.id != id {
		*r = recentName{id, true, n.names[id]}
	}
	return r.name
}
