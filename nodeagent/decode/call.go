package decode

import (
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// nameCall names the system call, and the error that a failed one returned.
func (d *Decoder) nameCall(e *event.Event) {
	if d.call.arch != "" {
		e.Arch = d.call.arch
		if number, err := strconv.ParseUint(d.call.arch, 16, 32); err == nil {
			e.Arch = archName(uint32(number))
		}
	}
	if d.call.syscall != "" {
		e.Syscall = syscallName(e.Arch, d.call.syscall)
	}
	e.Errno = errno(e)
}

// syscallName returns the text where it has no name.
func syscallName(arch, text string) string {
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 {
		return text
	}
	if calls := callsOf(arch); number < len(calls) && calls[number] != "" {
		return calls[number]
	}
	return text
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
