package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/elastic/go-libaudit/v2/auparse"
)

// architectures are the names of uname -m with the name that Go has for each, and the one of the table of go-libaudit. Go has no port to the
// 31-bit s390.
var architectures = []struct{ uname, goarch, libaudit string }{
	{"x86_64", "amd64", "x86_64"},
	{"i386", "386", "i386"},
	{"aarch64", "arm64", "aarch64"},
	{"arm", "arm", "arm"},
	{"ppc64le", "ppc64le", "ppc"},
	{"ppc", "ppc", "ppc"},
	{"s390x", "s390x", "s390x"},
	{"s390", "", "s390"},
	{"riscv64", "riscv64", ""},
	{"loongarch64", "loong64", ""},
}

// spellings are names of system calls that auditctl has, with those of the kernel.
var spellings = map[string]string{
	"pread": "pread64", "pwrite": "pwrite64", "sys_kexec_load": "kexec_load", "getdents": "getdents64", "newfstat": "fstat",
	"sched_rr_get_interval64": "sched_rr_get_interval_time64",
}

// notCalls are constants that look like system calls.
var notCalls = []string{"syscall_mask", "arch_specific_syscall"}

// common is the first number that is the same call on every 32-bit architecture: all calls since Linux 5.1.
const common = 393

var syscallConstant = regexp.MustCompile(`(?m)^\tSYS_(\w+)\s*=\s*(\d+)`)

func syscalls(sys, libaudit source, kernel string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# The system calls of each architecture in %s, from unix/zsysnum_linux_*.go of %s; behind them the spellings of auditctl,\n"+
		"# the calls of old programs on arm, and those of s390, from auparse/zaudit_syscalls.go of %s.\n"+
		"# Operations of io_uring from include/uapi/linux/io_uring.h of Linux 7.0. Made by hack/gentables; do not edit.\n", kernel, sys, libaudit)
	all := map[string]map[string]int64{}
	for _, a := range architectures {
		calls, err := callsOf(sys, a.goarch)
		if err != nil {
			return "", err
		}
		all[a.uname] = calls
		more := otherSpellings(a.uname, a.libaudit, calls)
		if a.uname == "s390" {
			complete(more, all)
		}
		b.WriteString(line(a.uname, calls, more))
	}
	b.WriteString(line("io_uring", operations(), operationSpellings()))
	return b.String(), nil
}

func callsOf(sys source, goarch string) (map[string]int64, error) {
	if goarch == "" {
		return nil, nil
	}
	found, err := sys.constants(syscallConstant, "unix/zsysnum_linux_"+goarch+".go")
	calls := map[string]int64{}
	for name, number := range found {
		if name = strings.ToLower(name); !slices.Contains(notCalls, name) {
			calls[name] = number
		}
	}
	return calls, err
}

// otherSpellings are the names that only auditctl has. On arm and s390 these are calls that x/sys leaves out altogether; elsewhere such a
// call is gone from the kernel.
func otherSpellings(uname, libaudit string, calls map[string]int64) map[string]int64 {
	numbers := map[int64]bool{}
	for _, number := range calls {
		numbers[number] = true
	}
	more := map[string]int64{}
	add := func(name string, number int64) {
		if _, known := calls[name]; !known {
			more[name] = number
		}
	}
	for number, name := range auparse.AuditSyscalls[libaudit] {
		if numbers[int64(number)] || uname == "arm" || uname == "s390" {
			add(name, int64(number))
		}
	}
	for name, kernels := range spellings {
		if number, known := calls[kernels]; known {
			add(name, number)
		}
	}
	return more
}

// complete adds the calls of s390 that go-libaudit does not have: those that came after it, and those that s390x has at a number that is free.
func complete(s390 map[string]int64, all map[string]map[string]int64) {
	for name, number := range all["i386"] {
		if number >= common {
			s390[name] = number
		}
	}
	taken := map[int64]bool{}
	for _, number := range s390 {
		taken[number] = true
	}
	for name, number := range all["s390x"] {
		if _, known := s390[name]; !known && !taken[number] {
			s390[name] = number
		}
	}
}
