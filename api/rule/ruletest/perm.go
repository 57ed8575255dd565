package ruletest

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

const (
	// Machine is that of the model.
	Machine = "x86_64"
	// Arch64 is its architecture.
	Arch64 = 0xc000003e
	// Arch32 is that of its programs of 32 bits.
	Arch32 = 0x40000003
)

// Permissions of -F perm=.
const (
	permExec      = 1
	permWrite     = 2
	permRead      = 4
	permAttribute = 8
)

// classes are the calls that fulfil a permission by themselves, as the kernel's tables have them since Linux 6.18, and how the others are told.
var classes = map[uint32][]string{
	permRead: strings.Fields("readlink quotactl listxattr listxattrat llistxattr flistxattr getxattr getxattrat lgetxattr fgetxattr readlinkat file_getattr"),
	permWrite: strings.Fields(`rename mkdir rmdir creat link unlink symlink mknod mkdirat mknodat unlinkat renameat linkat symlinkat renameat2 acct swapon
		quotactl truncate truncate64 ftruncate ftruncate64 bind fallocate`),
	permAttribute: strings.Fields(`chmod fchmod chown lchown fchown setxattr setxattrat lsetxattr fsetxattr removexattr removexattrat lremovexattr fremovexattr
		fchownat fchmodat fchmodat2 chown32 lchown32 fchown32 link linkat file_setattr`),
}

// table is what the kernel knows of the calls of one architecture.
type table struct {
	class                                     map[uint32]uint32
	open, openat, openat2, execve, socketcall map[uint32]bool
}

var tables = map[uint32]table{Arch64: newTable("b64"), Arch32: newTable("b32")}

func newTable(arch string) table {
	one := func(names ...string) map[uint32]bool {
		numbers := map[uint32]bool{}
		for _, name := range names {
			if n, known := Number(arch, name); known {
				numbers[n] = true
			}
		}
		return numbers
	}
	t := table{map[uint32]uint32{}, one("open"), one("openat"), one("openat2"), one("execve", "execveat"), one("socketcall")}
	for perm, names := range classes {
		for n := range one(names...) {
			t.class[n] |= perm
		}
	}
	// Calls of kernels to come, which no table knows yet.
	for number, perm := range map[uint32]uint32{600: permAttribute, 601: permRead, 602: permWrite} {
		t.class[number] |= perm
	}
	return t
}

// Number is the number of a system call, with arch b64 or b32.
func Number(arch, name string) (uint32, bool) {
	file, _ := rule.Parse("-a always,exit -F arch=" + arch + " -S " + name)
	if len(file.Rules) != 1 {
		return 0, false
	}
	w, err := file.Rules[0].Encode(Host{})
	if err != nil {
		return 0, false
	}
	p, err := w.Open()
	if err != nil {
		return 0, false
	}
	for n := range uint32(rule.MaskWords * 32) {
		if rule.Calls(p.Mask).Has(n) {
			return n, true
		}
	}
	return 0, false
}

// fulfils is audit_match_perm.
func fulfils(e *Event, perm uint32) bool {
	t, known := tables[e.Arch]
	if !known {
		return false
	}
	access := func(flags uint32) bool {
		return perm&[]uint32{permRead, permWrite, permRead | permWrite, permRead | permWrite}[flags&3] != 0
	}
	switch n := e.Call; {
	case t.open[n]:
		return access(e.Number[fieldArgument+1])
	case t.openat[n]:
		return access(e.Number[fieldArgument+2])
	case t.openat2[n]:
		return access(e.OpenHow)
	case t.execve[n]:
		return perm&permExec != 0
	case t.socketcall[n]:
		const bind = 2
		return perm&permWrite != 0 && e.Number[fieldArgument] == bind
	default:
		return perm&t.class[n] != 0
	}
}
