package rule

import (
	"slices"
	"strings"
	"sync"
)

// Calls is a set of system calls as the mask of a rule has it.
type Calls [MaskWords]uint32

// Has says whether the set has a call.
func (c Calls) Has(number uint32) bool {
	return number < maskBits && c[number/32]&(1<<(number%32)) != 0
}

// permClasses are the calls for which the kernel finds a permission fulfilled, whatever the file: include/asm-generic/audit_read.h,
// audit_dir_write.h, audit_write.h and audit_change_attr.h as of Linux 6.18, and what audit_match_perm in kernel/auditsc.c asks by itself: open,
// whose flags decide between r and w, and execve. A call too many costs a comparison, a missing one costs records, so that the times of a file
// and old names are here too.
var permClasses = []struct {
	bits  uint32
	calls []string
}{
	{permRead | permWrite, strings.Fields("open openat openat2 quotactl quotactl_fd")},
	{permRead, strings.Fields(`readlink readlinkat listxattr llistxattr flistxattr listxattrat getxattr lgetxattr fgetxattr getxattrat file_getattr`)},
	{permWrite, strings.Fields(`rename renameat renameat2 mkdir mkdirat rmdir creat link linkat unlink unlinkat symlink symlinkat mknod mknodat acct
		swapon swapoff truncate truncate64 ftruncate ftruncate64 bind socketcall fallocate`)},
	{permAttr, strings.Fields(`chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat chown32 fchown32 lchown32 setxattr lsetxattr fsetxattr
		setxattrat removexattr lremovexattr fremovexattr removexattrat link linkat file_setattr utime utimes futimesat utimensat utimensat_time64`)},
	{permExec, strings.Fields("execve execveat")},
}

// PermCalls returns the system calls of an architecture (AUDIT_ARCH_…) for which -F perm= with these bits can be fulfilled. Numbers that the
// table does not know are in it, because a newer kernel may have such calls there. It is false where there is no table of the architecture.
func PermCalls(arch, perm uint32) (Calls, bool) {
	table := tableOf(arch)
	if table < 0 {
		return Calls{}, false
	}
	return permCalls(permQuestion{table, perm & permAll}), true
}

type permQuestion struct {
	table callTable
	perm  uint32
}

var permAnswers sync.Map // of permQuestion to Calls

// permCalls begins with every call, and takes out those that are known and of no class. Of a number with two names both count.
func permCalls(q permQuestion) Calls {
	if known, is := permAnswers.Load(q); is {
		return known.(Calls)
	}
	answer, wanted := AllCalls(), Calls{}
	for _, class := range permClasses {
		for _, name := range class.calls {
			c := allCalls().named[name]
			if c == nil || class.bits&q.perm == 0 {
				continue
			}
			if n, is := c.number(q.table); is {
				wanted[n/32] |= 1 << (n % 32)
			}
		}
	}
	for n, c := range allCalls().numbered[q.table] {
		if c != nil && !wanted.Has(uint32(n)) {
			answer[n/32] &^= 1 << (n % 32)
		}
	}
	permAnswers.Store(q, answer)
	return answer
}

// AllCalls is the mask of a rule for every system call, without the bits of the classes.
func AllCalls() Calls {
	var all Calls
	for i := range all {
		all[i] = ^uint32(0)
	}
	all[len(all)-1] >>= classBits
	return all
}

// Arches returns the architectures (AUDIT_ARCH_…) whose system calls run on a machine, named as uname -m does. RISC-V of 32 bits has the numbers
// of that of 64.
func Arches(machine string) []uint32 {
	m := machines[machine]
	arches := slices.DeleteFunc([]uint32{m.b64, m.b32}, func(a uint32) bool { return a == 0 || a == archRISCV32 && m.b64 != 0 })
	if m.b64 == archPPC64L {
		arches = append(arches, archPPC) // rules have no b32 there, and yet a kernel can be built to run such programs
	}
	return arches
}
