package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"regexp"
	"slices"
	"strings"
)

// set is a table of the constants whose names match a pattern and not the other.
type set struct {
	name, what, match, except string
	goarch                    string // whose files have those that differ; amd64 where empty
}

// sets are the arguments of system calls that the event road names. Where architectures differ, those that do not follow the kernel's generic
// header have a table of their own.
var sets = []set{
	{"openFlags", "of open", `O_`, `O_(ACCMODE|NDELAY|FSYNC|RSYNC|RDONLY|WRONLY|RDWR|LARGEFILE)`, ""},
	{"openFlagsARM", "of open on 32-bit and 64-bit ARM", `O_`, `O_(ACCMODE|NDELAY|FSYNC|RSYNC|RDONLY|WRONLY|RDWR|LARGEFILE)`, "arm64"},
	{"openFlagsPPC", "of open on PowerPC", `O_`, `O_(ACCMODE|NDELAY|FSYNC|RSYNC|RDONLY|WRONLY|RDWR|LARGEFILE)`, "ppc64le"},
	{"protFlags", "of mmap and mprotect", `PROT_`, `PROT_NONE`, ""},
	{"mapFlags", "of mmap, less its type", `MAP_`, `MAP_(FILE|ANON|TYPE|PRIVATE|SHARED|SHARED_VALIDATE|DROPPABLE|HUGE_\w+)`, ""},
	{"mapFlagsPPC", "of mmap on PowerPC", `MAP_`, `MAP_(FILE|ANON|TYPE|PRIVATE|SHARED|SHARED_VALIDATE|DROPPABLE|HUGE_\w+)`, "ppc64le"},
	{"cloneFlags", "of clone, unshare and setns", `CLONE_`, `CLONE_(ARGS_\w+|NEWTIME|DETACHED|EMPTY_MNTNS)`, ""},
	{"mountFlags", "of mount", `MS_`, `MS_(ACTIVE|ASYNC|BORN|INVALIDATE|KERNMOUNT|MGC_\w+|NOREMOTELOCK|NOSEC|NOUSER|RMT_MASK|SUBMOUNT|SYNC|VERBOSE)`, ""},
	{"umountFlags", "of umount2", `(MNT_(FORCE|DETACH|EXPIRE)|UMOUNT_)`, "", ""},
	{"atFlags", "of calls whose names end in at", `AT_`, `AT_(FDCWD|REMOVEDIR|EACCESS|STATX_SYNC_AS_STAT)`, ""},
	{"messageFlags", "of send and recv", `MSG_`, `MSG_(PROXY|TRYHARD|SOCK_DEVMEM|DONTROUTE_)`, ""},
	{"renameFlags", "of renameat2", `RENAME_`, "", ""},
	{"memfdFlags", "of memfd_create", `MFD_`, `MFD_HUGE_\w+`, ""},
	{"moduleFlags", "of finit_module", `MODULE_INIT_`, "", ""},
	{"socketTypes", "of sockets", `SOCK_(STREAM|DGRAM|RAW|RDM|SEQPACKET|DCCP|PACKET)`, "", ""},
	{"socketFlags", "of types of sockets", `SOCK_(CLOEXEC|NONBLOCK)`, "", ""},
	{"socketLevels", "of setsockopt", `SOL_`, `SOL_CAN_BASE`, ""},
	{"ptraceRequests", "of ptrace", `PTRACE_`, `PTRACE_(EVENT\w*|O_\w+|PEEKSIGINFO_SHARED|RSEQ\w*|SYSCALL_INFO\w*|OLDSETOPTIONS|\w+_SIZE)`, ""},
	{"signals", "of kill", `SIG[A-Z0-9]+`, `SIG(IOT|POLL|CLD)`, ""},
	{"resources", "of setrlimit", `RLIMIT_`, "", ""},
	{"fileCommands", "of fcntl", `F_`, `F_(SEAL_\w+|OK|\w*LCK|\w*LOCK|TEST|GETLK64|SETLKW?64)`, ""},
	{
		"processCommands", "of prctl", `PR_(SET|GET|CAP|MCE|SVE|SME|SCHED|PAC|TASK|RISCV|PPC|FUTEX|LOCK|TIMER)_?\w*`,
		`PR_(SET_MM_\w+|SET_PTRACER_ANY|MCE_KILL_(CLEAR|DEFAULT|EARLY|LATE|SET)|CAP_AMBIENT_\w+|SCHED_CORE_\w+|(SVE|SME)_(VL|SET_VL_ONEXEC)\w*|PAC_AP\w+|RISCV_(V_VSTATE|CTX|SCOPE)\w*|PPC_DEXCR_\w+|SET_VMA_ANON_NAME|FUTEX_HASH_\w+|TIMER_CREATE_RESTORE_IDS_\w+)`, "",
	},
}

// flagTables writes the sets.
func flagTables(sys source) ([]string, error) {
	var tables []string
	for _, s := range sets {
		found, err := s.constants(sys)
		if err != nil {
			return nil, err
		}
		tables = append(tables, s.table(found))
	}
	return tables, nil
}

func (s set) constants(sys source) (map[string]int64, error) {
	pattern := regexp.MustCompile(`(?m)^\t(` + strings.ReplaceAll(s.match, "(", "(?:") + `\w*)\s+= (?:syscall\.Signal\()?(-?(?:0x[0-9a-f]{1,15}|\d+))\)?$`)
	except := regexp.MustCompile(`^(?:` + s.except + `)$`)
	found := map[string]int64{}
	for _, file := range []string{"unix/zerrors_linux.go", "unix/ztypes_linux.go", "unix/zerrors_linux_" + cmp.Or(s.goarch, "amd64") + ".go"} {
		all, err := sys.matches(pattern, file)
		if err != nil {
			return nil, err
		}
		for name, number := range all {
			if s.except == "" || !except.MatchString(name) {
				found[name] = number
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no constants for %s", sys, s.name)
	}
	return found, nil
}

// table writes a set by number; of flags those of more bits come first: O_SYNC has the bit of O_DSYNC in it.
func (s set) table(found map[string]int64) string {
	var b strings.Builder
	flags := strings.Contains(strings.ToLower(s.name), "flags")
	fmt.Fprintf(&b, "// %s are constants %s.\nvar %s = []word{\n", s.name, s.what, s.name)
	for _, name := range slices.SortedFunc(maps.Keys(found), func(a, c string) int {
		byBits := 0
		if flags {
			byBits = cmp.Compare(weight(found[c]), weight(found[a]))
		}
		return cmp.Or(byBits, cmp.Compare(found[a], found[c]), cmp.Compare(a, c))
	}) {
		if found[name] != 0 || !flags {
			fmt.Fprintf(&b, "\t{%#x, %q},\n", uint64(found[name]), name)
		}
	}
	return b.String() + "}\n"
}

// weight is 1 for a value of several bits.
func weight(n int64) int {
	if bits.OnesCount64(uint64(n)) > 1 {
		return 1
	}
	return 0
}
