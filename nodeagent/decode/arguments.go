package decode

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// known are the arguments of system calls that mean more than their number says.
var known = map[string][4]argument{
	"open":   {plain, anOpenFlag, aMode},
	"creat":  {plain, aMode},
	"openat": {aDirectory, plain, anOpenFlag, aMode}, "openat2": {aDirectory},
	"open_by_handle_at": {plain, plain, anOpenFlag}, "mq_open": {plain, anOpenFlag, aMode}, "execveat": {aDirectory},
	"access": {plain, anAccess}, "faccessat": {aDirectory, plain, anAccess}, "faccessat2": {aDirectory, plain, anAccess, anAtFlag},
	"chmod": {plain, aMode}, "fchmod": {plain, aMode}, "fchmodat": {aDirectory, plain, aMode}, "fchmodat2": {aDirectory, plain, aMode, anAtFlag},
	"mkdir": {plain, aMode}, "mkdirat": {aDirectory, plain, aMode}, "mknod": {plain, aMode}, "mknodat": {aDirectory, plain, aMode}, "umask": {aMode},
	"unlinkat": {aDirectory, plain, aRemoveFlag}, "renameat": {aDirectory, plain, aDirectory}, "renameat2": {aDirectory, plain, aDirectory},
	"linkat": {aDirectory, plain, aDirectory}, "symlinkat": {plain, aDirectory}, "readlinkat": {aDirectory}, "utimensat": {aDirectory},
	"futimesat": {aDirectory}, "newfstatat": {aDirectory, plain, plain, anAtFlag}, "fstatat64": {aDirectory, plain, plain, anAtFlag},
	"statx": {aDirectory, plain, anAtFlag}, "name_to_handle_at": {aDirectory}, "setxattrat": {aDirectory}, "removexattrat": {aDirectory},
	"chown": {plain, aUser, aGroup}, "lchown": {plain, aUser, aGroup}, "fchown": {plain, aUser, aGroup}, "fchownat": {aDirectory, plain, aUser, aGroup},
	"mmap": {plain, plain, aProtection, aMapFlag}, "mmap2": {plain, plain, aProtection, aMapFlag}, "mprotect": {plain, plain, aProtection},
	"pkey_mprotect": {plain, plain, aProtection}, "memfd_create": {plain, aMemfdFlag},
	"clone": {aCloneFlag}, "unshare": {aNamespace}, "setns": {plain, aNamespace},
	"mount": {plain, plain, plain, aMountFlag}, "umount2": {plain, anUmountFlag}, "umount": {plain, anUmountFlag},
	"open_tree": {aDirectory}, "move_mount": {aDirectory, plain, aDirectory}, "mount_setattr": {aDirectory}, "fspick": {aDirectory},
	"finit_module": {plain, plain, aModuleFlag}, "delete_module": {plain, anOpenFlag},
	"socket": {aFamily, aSocketType, aProtocol}, "socketpair": {aFamily, aSocketType}, "socketcall": {aSocketcall},
	"accept4": {plain, plain, plain}, "send": {plain, plain, plain, aMessageFlag}, "sendto": {plain, plain, plain, aMessageFlag},
	"recv": {plain, plain, plain, aMessageFlag}, "recvfrom": {plain, plain, plain, aMessageFlag}, "sendmsg": {plain, plain, aMessageFlag},
	"recvmsg": {plain, plain, aMessageFlag}, "sendmmsg": {plain, plain, plain, aMessageFlag}, "recvmmsg": {plain, plain, plain, aMessageFlag},
	"setsockopt": {plain, aLevel, aTableOption}, "getsockopt": {plain, aLevel},
	"ptrace": {aRequest}, "kill": {plain, aSignal}, "tkill": {plain, aSignal}, "tgkill": {plain, plain, aSignal},
	"rt_sigqueueinfo": {plain, aSignal}, "rt_tgsigqueueinfo": {plain, plain, aSignal}, "pidfd_send_signal": {plain, aSignal},
	"rt_sigaction": {aSignal}, "sigaction": {aSignal}, "signal": {aSignal},
	"setrlimit": {aResource}, "getrlimit": {aResource}, "prlimit64": {plain, aResource},
	"fcntl": {plain, aFileCommand}, "fcntl64": {plain, aFileCommand}, "prctl": {aProcessCommand}, "lseek": {plain, plain, aWhence},
	"epoll_ctl": {plain, anEpollCommand}, "personality": {aPersonality}, "bpf": {aBPFCommand},
	"setuid": {aUser}, "setgid": {aGroup}, "setreuid": {aUser, aUser}, "setregid": {aGroup, aGroup}, "setfsuid": {aUser}, "setfsgid": {aGroup},
	"setresuid": {aUser, aUser, aUser}, "setresgid": {aGroup, aGroup, aGroup},
}

var argumentNames = [4]string{"a0", "a1", "a2", "a3"}

// nameArguments says in words what the arguments of the system call mean.
func (d *Decoder) nameArguments(e *event.Event, kinds *[4]argument) {
	if kinds == nil {
		return
	}
	for i, raw := range e.SyscallArgs {
		kind := kinds[i]
		if kind == plain {
			continue
		}
		n, ok := hexNumber(raw)
		if !ok || kind == aMode && !makesFile(e, i) {
			continue
		}
		if kind == aTableOption {
			level, _ := hexNumber(e.SyscallArgs[i-1])
			n = low(level)<<32 | low(n)
		}
		if text := d.argument(kind, n); text != "" {
			e.SyscallArgNames = append(e.SyscallArgNames, event.Field{Name: argumentNames[i], Value: text})
		}
	}
}

// makesFile says whether the mode behind the flags of open counts. Without such a flag it is whatever was in the register.
func makesFile(e *event.Event, at int) bool {
	switch e.Syscall {
	case "open", "openat", "mq_open":
		const create, temporary = 0o100, 0o20000000
		flags, ok := hexNumber(e.SyscallArgs[at-1])
		return ok && flags&(create|temporary) != 0
	}
	return true
}

// argumentText is an argument that was made words of before.
type argumentText struct {
	kind argument
	n    uint64
	arch *architecture
	text string
}

func (d *Decoder) argument(kind argument, n uint64) string {
	switch {
	case kind == aUser && d.Names != nil && uint32(n) != 1<<32-1:
		return d.Names.User(uint32(n))
	case kind == aGroup && d.Names != nil && uint32(n) != 1<<32-1:
		return d.Names.Group(uint32(n))
	}
	last := &d.arguments[(n^n>>8^uint64(kind)*7)%uint64(len(d.arguments))]
	if last.kind != kind || last.n != n || last.arch != d.arch {
		*last = argumentText{kind, n, d.arch, argumentWords(kind, n, d.arch.name)}
	}
	return last.text
}

// hexNumber reads a hexadecimal number without a 0x.
func hexNumber(raw string) (uint64, bool) {
	if len(raw) == 0 || len(raw) > 16 {
		return 0, false
	}
	n := uint64(0)
	for i := range len(raw) {
		digit := hexDigit[raw[i]]
		if digit == notHex {
			return 0, false
		}
		n = n<<4 | uint64(digit)
	}
	return n, true
}
