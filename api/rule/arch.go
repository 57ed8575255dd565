package rule

import "strconv"

// machine is an architecture with its two ABIs: AUDIT_ARCH_* in include/uapi/linux/audit.h. 0 is none.
type machine struct {
	b64, b32 uint32
}

const (
	archX86_64  = 0xc000003e
	archI386    = 0x40000003
	archARM64   = 0xc00000b7
	archARM     = 0x40000028
	archPPC64   = 0x80000015
	archPPC64L  = 0xc0000015
	archPPC     = 0x14
	archS390X   = 0x80000016
	archS390    = 0x16
	archRISCV   = 0xc00000f3
	archRISCV32 = 0x400000f3
	archLoong   = 0xc0000102
)

// machines are named as uname -m names them, and as auditctl does.
var machines = map[string]machine{
	"x86_64": {archX86_64, archI386}, "i386": {0, archI386}, "i486": {0, archI386}, "i586": {0, archI386}, "i686": {0, archI386},
	"aarch64": {archARM64, archARM}, "armv8l": {archARM64, archARM}, "arm": {0, archARM}, "armv5tejl": {0, archARM},
	"armv5tel": {0, archARM}, "armv6l": {0, archARM}, "armv7l": {0, archARM}, "armeb": {0, archARM}, "ppc64": {archPPC64, archPPC},
	"ppc64le": {archPPC64L, 0}, "ppc": {0, archPPC}, "s390x": {archS390X, archS390}, "s390": {0, archS390},
	"riscv64": {archRISCV, archRISCV32}, "riscv32": {0, archRISCV32}, "loongarch64": {archLoong, 0},
}

func (m machine) native() uint32 {
	if m.b64 != 0 {
		return m.b64
	}
	return m.b32
}

// bits is the number of b64 or b32 on the machine.
func (m machine) bits(name string) (uint32, bool) {
	if name == "b64" {
		return m.b64, m.b64 != 0
	}
	return m.b32, m.b32 != 0
}

// archNamed returns the AUDIT_ARCH of a value of -F arch=, in small letters. b64 and b32 depend on the machine; where that is empty any
// number serves.
func archNamed(name, uname string) (uint32, bool) {
	if name == "b64" || name == "b32" {
		if uname == "" {
			return 0, true
		}
		return machines[uname].bits(name)
	}
	if m, known := machines[name]; known {
		return m.native(), true
	}
	if n, ok := parseNumber(name); ok {
		return n, tableOf(n) != unknownTable
	}
	n, err := strconv.ParseUint(name, 16, 32)
	return uint32(n), err == nil && tableOf(uint32(n)) != unknownTable
}
