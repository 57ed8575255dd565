package decode

import (
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// nameCall names the system call, what its arguments mean, and the error that a failed one returned.
func (d *Decoder) nameCall(e *event.Event) {
	a := d.architecture(d.call.arch)
	e.Arch = a.name
	if d.call.syscall != "" {
		number, ok := decimal(d.call.syscall)
		e.Syscall = d.call.syscall
		if ok && number < uint64(len(a.calls)) && a.calls[number] != "" {
			e.Syscall = a.calls[number]
			d.nameArguments(e, a.arguments[number])
		}
	}
	e.Errno = errno(e)
}

// architecture is what is known of one.
type architecture struct {
	raw       string // as records have it
	name      string
	calls     []string
	arguments []*[4]argument
	big       bool // the highest byte of a number comes first
}

// architecture returns the one that a record names. Nearly always it is the one of the record before, or the other of the same machine.
func (d *Decoder) architecture(raw string) *architecture {
	for i := range d.architectures {
		if a := &d.architectures[i]; a.raw == raw {
			d.arch = a
			return a
		}
	}
	d.oldest = (d.oldest + 1) % len(d.architectures)
	d.arch = &d.architectures[d.oldest]
	*d.arch = newArchitecture(strings.Clone(raw))
	d.arguments = [256]argumentText{}
	return d.arch
}

func newArchitecture(raw string) architecture {
	number, err := strconv.ParseUint(raw, 16, 32)
	if err != nil {
		return architecture{raw: raw, name: raw}
	}
	const little = 0x40000000
	a := architecture{raw: raw, name: archName(uint32(number)), big: number&little == 0}
	a.calls = callsOf(a.name)
	a.arguments = make([]*[4]argument, len(a.calls))
	for number, name := range a.calls {
		if kinds, found := known[name]; found {
			a.arguments[number] = &kinds
		}
	}
	return a
}

// decimal reads a decimal number.
func decimal(raw string) (uint64, bool) {
	n, err := strconv.ParseUint(raw, 10, 32)
	return n, err == nil
}

// errno names the error that a failed call returned.
func errno(e *event.Event) string {
	if e.Exit == nil || *e.Exit >= 0 || *e.Exit <= -int64(len(errnoNames)) || e.Result != event.ResultFailure {
		return ""
	}
	return errnoNames[-*e.Exit]
}

// callsOf returns the system calls of an architecture by their number.
func callsOf(arch string) []string {
	switch arch {
	case "x86_64":
		return calls_x86_64[:]
	case "aarch64":
		return calls_aarch64[:]
	case "i386":
		return calls_i386[:]
	case "arm", "armeb":
		return calls_arm[:]
	case "ppc64le", "ppc64":
		return calls_ppc64le[:]
	case "ppc":
		return calls_ppc[:]
	case "s390x":
		return calls_s390x[:]
	case "s390":
		return calls_s390[:]
	case "riscv64", "riscv32":
		return calls_riscv64[:]
	case "loongarch64":
		return calls_loongarch64[:]
	default:
		return nil
	}
}

// archName returns the name of an AUDIT_ARCH_*, include/uapi/linux/audit.h, or the number in hexadecimal where it has none.
func archName(number uint32) string {
	const wide, little = 0x80000000, 0x40000000 // of 64 bits, and with the least byte first
	switch number {
	case 62 | wide | little:
		return "x86_64"
	case 3 | little:
		return "i386"
	case 183 | wide | little:
		return "aarch64"
	case 40 | little:
		return "arm"
	case 40:
		return "armeb"
	case 21 | wide | little:
		return "ppc64le"
	case 21 | wide:
		return "ppc64"
	case 20:
		return "ppc"
	case 22 | wide:
		return "s390x"
	case 22:
		return "s390"
	case 243 | wide | little:
		return "riscv64"
	case 243 | little:
		return "riscv32"
	case 258 | wide | little:
		return "loongarch64"
	case 258 | little:
		return "loongarch32"
	case 0x9026 | wide | little:
		return "alpha"
	case 8 | wide | little:
		return "mipsel64"
	case 8 | wide:
		return "mips64"
	case 8 | little:
		return "mipsel"
	case 8:
		return "mips"
	case 8 | wide | little | 0x20000000:
		return "mipsel64n32"
	case 8 | wide | 0x20000000:
		return "mips64n32"
	case 2:
		return "sparc"
	case 43 | wide:
		return "sparc64"
	case 15:
		return "parisc"
	case 15 | wide:
		return "parisc64"
	case 50 | wide | little:
		return "ia64"
	case 4:
		return "m68k"
	case 42:
		return "sh"
	case 42 | little:
		return "shel"
	default:
		return strconv.FormatUint(uint64(number), 16)
	}
}
