package ruletest

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Machine is a kind of machine that the model knows.
type Machine struct {
	// Name is what uname -m prints.
	Name string
	// Arch64 is the architecture of its programs, Arch32 that of its programs of 32 bits: AUDIT_ARCH_* of include/uapi/linux/audit.h.
	Arch64, Arch32 uint32
}

var (
	// X8664 is the one that the tests on a real kernel run on.
	X8664 = Machine{"x86_64", 0xc000003e, 0x40000003}
	// AArch64 has no open, link and others of the old calls, except for programs of 32 bits.
	AArch64 = Machine{"aarch64", 0xc00000b7, 0x40000028}
	// Machines are all of them.
	Machines = []Machine{X8664, AArch64}
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

var tables = newTables()

func newTables() map[uint32]table {
	all := map[uint32]table{}
	for _, m := range Machines {
		all[m.Arch64], all[m.Arch32] = newTable(m, "b64"), newTable(m, "b32")
	}
	return all
}

func newTable(m Machine, arch string) table {
	one := func(names ...string) map[uint32]bool {
		numbers := map[uint32]bool{}
		for _, name := range names {
			if n, known := m.Number(arch, name); known {
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

// Number is the number of a system call on the machine, with arch b64 or b32.
func (m Machine) Number(arch, name string) (uint32, bool) {
	file, _ := rule.Parse("-a always,exit -F arch=" + arch + " -S " + name)
	if len(file.Rules) != 1 {
		return 0, false
	}
	w, err := file.Rules[0].Encode(Host{On: m})
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
