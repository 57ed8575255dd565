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
	aTableOption // of setsockopt, behind its level: what iptables changes tables with
	aRequest     // of ptrace
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
	if say := sayings[kind]; say != nil {
		return say(n, arch)
	}
	return ""
}

// saying puts a number into words. Some flags have other numbers on some architectures.
type saying func(n uint64, arch string) string

// sayings are those of each kind; plain, users and groups have none, or are known elsewhere.
var sayings = [...]saying{
	aDirectory:      ofInt(directoryWords),
	anOpenFlag:      func(n uint64, arch string) string { return openWords(low(n), arch) },
	aMode:           ofInt(func(n uint64) string { return "0" + strconv.FormatUint(n&0o7777, 8) }),
	anAccess:        ofInt(orZero("F_OK", accesses)),
	aProtection:     ofInt(orZero("PROT_NONE", protFlags)),
	aMapFlag:        func(n uint64, arch string) string { return mapWords(low(n), arch) },
	aCloneFlag:      func(n uint64, _ string) string { return cloneWords(n) },
	aNamespace:      func(n uint64, _ string) string { return namespaceWords(n) },
	aMountFlag:      func(n uint64, _ string) string { return mountWords(n) },
	anUmountFlag:    ofInt(flagsOf(umountFlags)),
	anAtFlag:        ofInt(flagsOf(atFlags)),
	aRemoveFlag:     ofInt(flagsOf([]word{{0x200, "AT_REMOVEDIR"}})),
	aMessageFlag:    ofInt(flagsOf(messageFlags)),
	aRenameFlag:     ofInt(flagsOf(renameFlags)),
	aMemfdFlag:      ofInt(flagsOf(memfdFlags)),
	aModuleFlag:     ofInt(flagsOf(moduleFlags)),
	aFamily:         ofInt(among(familyNames[:])),
	aSocketType:     ofInt(socketTypeWords),
	aProtocol:       ofInt(func(n uint64) string { return protocols[n] }),
	aLevel:          ofInt(namesOf(socketLevels)),
	aTableOption:    func(n uint64, _ string) string { return tableOptions[n] },
	aRequest:        func(n uint64, _ string) string { return nameOf(ptraceRequests, n) },
	aSignal:         ofInt(signalName),
	aResource:       ofInt(namesOf(resources)),
	aFileCommand:    ofInt(namesOf(fileCommands)),
	aProcessCommand: ofInt(namesOf(processCommands)),
	aWhence:         ofInt(among(whences)),
	aPersonality:    ofInt(personalityWords),
	aBPFCommand:     ofInt(among(bpfCommands)),
	aSocketcall:     ofInt(among(socketcalls)),
	anEpollCommand:  ofInt(among(epollCommands)),
}

// tableOptions are the options of setsockopt that change packet filters, with their level (SOL_IP is 0, SOL_IPV6 is 41) before them.
var tableOptions = map[uint64]string{
	64: "IPT_SO_SET_REPLACE", 65: "IPT_SO_SET_ADD_COUNTERS",
	41<<32 | 64: "IP6T_SO_SET_REPLACE", 41<<32 | 65: "IP6T_SO_SET_ADD_COUNTERS",
}

// low is an int, which may be there with its sign in 64 bits.
func low(n uint64) uint64 { return n & 0xffffffff }

func ofInt(say func(uint64) string) saying {
	return func(n uint64, _ string) string { return say(low(n)) }
}

func flagsOf(table []word) func(uint64) string {
	return func(n uint64) string { return flagWords(table, n) }
}

// orZero is for flags of which none has a name of its own.
func orZero(zero string, table []word) func(uint64) string {
	return func(n uint64) string {
		if n == 0 {
			return zero
		}
		return flagWords(table, n)
	}
}

func namesOf(table []word) func(uint64) string {
	return func(n uint64) string { return nameOf(table, n) }
}

func among(names []string) func(uint64) string {
	return func(n uint64) string { return at(names, n) }
}

func directoryWords(n uint64) string {
	if int32(n) == -100 {
		return "AT_FDCWD"
	}
	return ""
}

func cloneWords(n uint64) string {
	if signal := nameOf(signals, n&0xff); signal != "" {
		return joined(flagWords(cloneFlags, n&^0xff), signal)
	}
	return flagWords(cloneFlags, n)
}

func namespaceWords(n uint64) string {
	const newTime = 0x80
	if n&newTime != 0 {
		return joined(flagWords(cloneFlags, n&^newTime), "CLONE_NEWTIME")
	}
	return flagWords(cloneFlags, n)
}

func mountWords(n uint64) string {
	const magic = 0xc0ed0000 // of old programs
	if n&0xffff0000 == magic {
		n &^= 0xffff0000
	}
	return flagWords(mountFlags, n)
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
