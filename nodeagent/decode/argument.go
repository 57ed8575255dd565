package decode

import "strconv"

// argument is what an argument of a system call is.
type argument uint8

const (
	plain argument = iota
	aDirectory
	anOpenFlag
	aMode
	anAccess
	aProtection
	aMapFlag
	aCloneFlag // with a signal in its lowest byte
	aNamespace // as those of unshare and setns
	aMountFlag
	anUmountFlag
	anAtFlag
	aRemoveFlag
	aMessageFlag
	aRenameFlag
	aMemfdFlag
	aModuleFlag
	aFamily
	aSocketType
	aProtocol // of a socket of the internet
	aLevel
	aRequest // of ptrace
	aSignal
	aResource
	aFileCommand
	aProcessCommand
	aWhence
	aPersonality
	aUser
	aGroup
	aBPFCommand
	aSocketcall
	anEpollCommand
)

// accesses are those of access(2).
var accesses = []word{{4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}}

// whences are SEEK_*, epollCommands EPOLL_CTL_*, socketcalls SYS_* of net.h.
var (
	whences       = []string{"SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE"}
	epollCommands = []string{"", "EPOLL_CTL_ADD", "EPOLL_CTL_DEL", "EPOLL_CTL_MOD"}
	socketcalls   = []string{
		"", "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv", "sendto", "recvfrom",
		"shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
	}
	// bpfCommands are those of enum bpf_cmd, include/uapi/linux/bpf.h.
	bpfCommands = []string{
		"BPF_MAP_CREATE", "BPF_MAP_LOOKUP_ELEM", "BPF_MAP_UPDATE_ELEM", "BPF_MAP_DELETE_ELEM", "BPF_MAP_GET_NEXT_KEY", "BPF_PROG_LOAD", "BPF_OBJ_PIN",
		"BPF_OBJ_GET", "BPF_PROG_ATTACH", "BPF_PROG_DETACH", "BPF_PROG_TEST_RUN", "BPF_PROG_GET_NEXT_ID", "BPF_MAP_GET_NEXT_ID",
		"BPF_PROG_GET_FD_BY_ID", "BPF_MAP_GET_FD_BY_ID", "BPF_OBJ_GET_INFO_BY_FD", "BPF_PROG_QUERY", "BPF_RAW_TRACEPOINT_OPEN", "BPF_BTF_LOAD",
		"BPF_BTF_GET_FD_BY_ID", "BPF_TASK_FD_QUERY", "BPF_MAP_LOOKUP_AND_DELETE_ELEM", "BPF_MAP_FREEZE", "BPF_BTF_GET_NEXT_ID",
		"BPF_MAP_LOOKUP_BATCH", "BPF_MAP_LOOKUP_AND_DELETE_BATCH", "BPF_MAP_UPDATE_BATCH", "BPF_MAP_DELETE_BATCH", "BPF_LINK_CREATE",
		"BPF_LINK_UPDATE", "BPF_LINK_GET_FD_BY_ID", "BPF_LINK_GET_NEXT_ID", "BPF_ENABLE_STATS", "BPF_ITER_CREATE", "BPF_LINK_DETACH",
		"BPF_PROG_BIND_MAP", "BPF_TOKEN_CREATE", "BPF_PROG_STREAM_READ_BY_FD",
	}
	// protocols are IPPROTO_* that programs open sockets for.
	protocols = map[uint64]string{
		1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 132: "sctp", 136: "udplite", 255: "raw",
		262: "mptcp",
	}
)

func at(names []string, n uint64) string {
	if n < uint64(len(names)) {
		return names[n]
	}
	return ""
}

// argumentWords says what a number means. It returns nothing where the number says it as well.
func argumentWords(kind argument, n uint64, arch string) string {
	low := n & 0xffffffff // of an int, which may be with its sign in 64 bits
	switch kind {
	case plain, aUser, aGroup: // nothing, and what is known elsewhere
	case aDirectory:
		if int32(low) == -100 {
			return "AT_FDCWD"
		}
	case anOpenFlag:
		return openWords(low, arch)
	case aMode:
		return "0" + strconv.FormatUint(low&0o7777, 8)
	case anAccess:
		if low == 0 {
			return "F_OK"
		}
		return flagWords(accesses, low)
	case aProtection:
		if low == 0 {
			return "PROT_NONE"
		}
		return flagWords(protFlags, low)
	case aMapFlag:
		return mapWords(low, arch)
	case aCloneFlag:
		if signal := nameOf(signals, n&0xff); signal != "" {
			return joined(flagWords(cloneFlags, n&^0xff), signal)
		}
		return flagWords(cloneFlags, n)
	case aNamespace:
		const newTime = 0x80
		if n&newTime != 0 {
			return joined(flagWords(cloneFlags, n&^newTime), "CLONE_NEWTIME")
		}
		return flagWords(cloneFlags, n)
	case aMountFlag:
		const magic = 0xc0ed0000 // of old programs
		if n&0xffff0000 == magic {
			n &^= 0xffff0000
		}
		return flagWords(mountFlags, n)
	case anUmountFlag:
		return flagWords(umountFlags, low)
	case anAtFlag:
		return flagWords(atFlags, low)
	case aRemoveFlag:
		return flagWords([]word{{0x200, "AT_REMOVEDIR"}}, low)
	case aMessageFlag:
		return flagWords(messageFlags, low)
	case aRenameFlag:
		return flagWords(renameFlags, low)
	case aMemfdFlag:
		return flagWords(memfdFlags, low)
	case aModuleFlag:
		return flagWords(moduleFlags, low)
	case aFamily:
		return at(familyNames[:], low)
	case aSocketType:
		return socketTypeWords(low)
	case aProtocol:
		return protocols[low]
	case aLevel:
		return nameOf(socketLevels, low)
	case aRequest:
		return nameOf(ptraceRequests, n)
	case aSignal:
		return signalName(low)
	case aResource:
		return nameOf(resources, low)
	case aFileCommand:
		return nameOf(fileCommands, low)
	case aProcessCommand:
		return nameOf(processCommands, low)
	case aWhence:
		return at(whences, low)
	case aPersonality:
		return personalityWords(low)
	case aBPFCommand:
		return at(bpfCommands, low)
	case aSocketcall:
		return at(socketcalls, low)
	case anEpollCommand:
		return at(epollCommands, low)
	}
	return ""
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "|" + b
}

func openWords(n uint64, arch string) string {
	table, large := openFlags, uint64(0o100000)
	switch arch {
	case "arm", "armeb", "aarch64":
		table, large = openFlagsARM, 0o400000
	case "ppc", "ppc64", "ppc64le":
		table, large = openFlagsPPC, 0o200000
	}
	mode := [...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"}[n&3]
	if n&large != 0 { // what the C library sets, not the program
		return joined(flagWords(table, n&^(3|large), mode), "O_LARGEFILE")
	}
	return flagWords(table, n&^3, mode)
}

func mapWords(n uint64, arch string) string {
	table := mapFlags
	switch arch {
	case "ppc", "ppc64", "ppc64le":
		table = mapFlagsPPC
	}
	if kind := at([]string{"", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE"}, n&0xf); kind != "" {
		return flagWords(table, n&^0xf, kind)
	}
	return flagWords(table, n)
}

func socketTypeWords(n uint64) string {
	kind := nameOf(socketTypes, n&0xf)
	if kind == "" {
		return ""
	}
	return flagWords(socketFlags, n&^0xf, kind)
}

// signalName names a signal; those for real time have no names.
func signalName(n uint64) string {
	if n == 0 {
		return "SIG0"
	}
	return nameOf(signals, n)
}

// personalityWords names the domain of personality(2) and its flags.
func personalityWords(n uint64) string {
	if n == 0xffffffff {
		return "" // asks only
	}
	flags := flagWords([]word{
		{0x20000, "UNAME26"},
		{0x40000, "ADDR_NO_RANDOMIZE"},
		{0x80000, "FDPIC_FUNCPTRS"},
		{0x100000, "MMAP_PAGE_ZERO"},
		{0x200000, "ADDR_COMPAT_LAYOUT"},
		{0x400000, "READ_IMPLIES_EXEC"},
		{0x800000, "ADDR_LIMIT_32BIT"},
		{0x1000000, "SHORT_INODE"},
		{0x2000000, "WHOLE_SECONDS"},
		{0x4000000, "STICKY_TIMEOUTS"},
		{0x8000000, "ADDR_LIMIT_3GB"},
	}, n&^0xff)
	switch n & 0xff {
	case 0:
		return joined("PER_LINUX", flags)
	case 8:
		return joined("PER_LINUX32", flags)
	}
	return joined("0x"+strconv.FormatUint(n&0xff, 16), flags)
}
