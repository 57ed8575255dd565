package rule

import (
	_ "embed" // the table of system calls
	"strconv"
	"strings"
	"sync"
)

// machine is an architecture with its two ABIs: AUDIT_ARCH_* in include/uapi/linux/audit.h. 0 is none.
type machine struct {
	b64, b32 uint32
}

const (
	archX86_64 = 0xc000003e
	archI386   = 0x40000003
	archARM64  = 0xc00000b7
	archARM    = 0x40000028
	archPPC64  = 0x80000015
	archPPC64L = 0xc0000015
	archPPC    = 0x14
	archS390X  = 0x80000016
	archS390   = 0x16
	archRISCV  = 0xc00000f3
	archLoong  = 0xc0000102
)

// machines are named as uname -m names them.
var machines = map[string]machine{
	"x86_64": {archX86_64, archI386}, "i386": {0, archI386}, "i486": {0, archI386}, "i586": {0, archI386}, "i686": {0, archI386},
	"aarch64": {archARM64, archARM}, "arm": {0, archARM}, "armv5tejl": {0, archARM}, "armv5tel": {0, archARM}, "armv6l": {0, archARM},
	"armv7l": {0, archARM}, "armeb": {0, archARM}, "ppc64": {archPPC64, archPPC}, "ppc64le": {archPPC64L, 0}, "ppc": {0, archPPC},
	"s390x": {archS390X, archS390}, "s390": {0, archS390}, "riscv64": {archRISCV, 0}, "loongarch64": {archLoong, 0},
}

func (m machine) native() uint32 {
	if m.b64 != 0 {
		return m.b64
	}
	return m.b32
}

// archNamed returns the AUDIT_ARCH of a value of -F arch=. b64 and b32 depend on the machine; where that is empty any number serves.
func archNamed(name, uname string) (uint32, bool) {
	name = strings.ToLower(name)
	if name == "b64" || name == "b32" {
		if uname == "" {
			return 0, true
		}
		m := machines[uname]
		if name == "b64" {
			return m.b64, m.b64 != 0
		}
		return m.b32, m.b32 != 0
	}
	if m, known := machines[name]; known {
		return m.native(), true
	}
	if n, ok := parseNumber(name); ok {
		return n, tableName(n) != ""
	}
	n, err := strconv.ParseUint(name, 16, 32)
	return uint32(n), err == nil && tableName(uint32(n)) != ""
}

// tableName is the line of the table of system calls that serves an AUDIT_ARCH.
func tableName(audit uint32) string {
	switch audit {
	case archX86_64:
		return "x86_64"
	case archI386:
		return "i386"
	case archARM64:
		return "aarch64"
	case archARM:
		return "arm"
	case archPPC64, archPPC64L:
		return "ppc64le"
	case archPPC:
		return "ppc"
	case archS390X:
		return "s390x"
	case archS390:
		return "s390"
	case archRISCV:
		return "riscv64"
	case archLoong:
		return "loongarch64"
	}
	return ""
}

//go:embed syscalls.txt
var syscallTable string

type callTable struct {
	numbers map[string]uint32
	names   map[uint32]string
}

// callTables are the system calls by architecture, read once from syscalls.txt.
var callTables = sync.OnceValue(func() map[string]callTable {
	tables := map[string]callTable{}
	for line := range strings.Lines(syscallTable) {
		arch, calls, found := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !found || arch == "#" {
			continue
		}
		t := callTable{map[string]uint32{}, map[uint32]string{}}
		for call := range strings.FieldsSeq(calls) {
			name, digits, _ := strings.Cut(call, "=")
			n, err := strconv.ParseUint(digits, 10, 32)
			if err != nil {
				continue
			}
			t.numbers[name] = uint32(n)
			if _, taken := t.names[uint32(n)]; !taken {
				t.names[uint32(n)] = name
			}
		}
		tables[arch] = t
	}
	return tables
})

// callAliases are names that auditctl or the kernel uses for a call that the table has under the other.
var callAliases = map[string]string{"pread": "pread64", "pwrite": "pwrite64", "sys_kexec_load": "kexec_load", "fadvise64_64": "arm_fadvise64_64", "sync_file_range": "arm_sync_file_range"}

func callNumber(audit uint32, name string) (uint32, bool) {
	t := callTables()[tableName(audit)]
	if n, known := t.numbers[name]; known {
		return n, true
	}
	n, known := t.numbers[callAliases[name]]
	return n, known
}

func callName(audit, number uint32) string { return callTables()[tableName(audit)].names[number] }

func anyArchHas(name string) bool {
	for _, t := range callTables() {
		if _, known := t.numbers[name]; known {
			return true
		}
		if _, known := t.numbers[callAliases[name]]; known {
			return true
		}
	}
	return false
}
