package rule

import (
	_ "embed" // the tables of names
	"strconv"
	"strings"
	"sync"
)

// nameTable are names with their numbers. Of several names for one number the first is the one that is printed.
type nameTable struct {
	numbers map[string]uint32
	names   map[uint32]string
}

// readNames reads a table of the form `name=number name=number`.
func readNames(entries string) nameTable {
	t := nameTable{map[string]uint32{}, map[uint32]string{}}
	for entry := range strings.FieldsSeq(entries) {
		name, digits, _ := strings.Cut(entry, "=")
		n, err := strconv.ParseUint(digits, 0, 32)
		if err != nil {
			continue
		}
		t.numbers[name] = uint32(n)
		if _, taken := t.names[uint32(n)]; !taken {
			t.names[uint32(n)] = name
		}
	}
	return t
}

//go:embed names.txt
var nameFile string

// kernelNames are the tables of names.txt by the word that their line begins with.
var kernelNames = sync.OnceValue(func() map[string]nameTable {
	tables := map[string]nameTable{}
	for line := range strings.Lines(nameFile) {
		if table, entries, found := strings.Cut(line, " "); found && table != "#" {
			tables[table] = readNames(entries)
		}
	}
	return tables
})

// messageTypes are record types, errnos the numbers of errors, families address families of sockets.
func messageTypes() nameTable { return kernelNames()["message"] }
func errnos() nameTable       { return kernelNames()["errno"] }
func families() nameTable     { return kernelNames()["family"] }

// fileTypes are the S_IFMT values of inode(7), under the names of both auditctl and the kernel's documentation.
var fileTypes = readNames(`file=0o100000 dir=0o040000 socket=0o140000 link=0o120000 character=0o020000 block=0o060000 fifo=0o010000
	symlink=0o120000 char=0o020000`)

// fileSystems are magic numbers of include/uapi/linux/magic.h.
var fileSystems = readNames("debugfs=0x64626720 tracefs=0x74726163 cgroup=0x27e0eb cgroup2=0x63677270")

// comparisons are AUDIT_COMPARE_* by the two fields, which may stand in either order.
var comparisons = readNames(`uid,obj_uid=1 gid,obj_gid=2 euid,obj_uid=3 egid,obj_gid=4 auid,obj_uid=5 suid,obj_uid=6 sgid,obj_gid=7 fsuid,obj_uid=8
	fsgid,obj_gid=9 uid,auid=10 uid,euid=11 uid,fsuid=12 uid,suid=13 auid,fsuid=14 auid,suid=15 auid,euid=16 euid,suid=17 euid,fsuid=18
	suid,fsuid=19 gid,egid=20 gid,fsgid=21 gid,sgid=22 egid,fsgid=23 egid,sgid=24 sgid,fsgid=25`)
