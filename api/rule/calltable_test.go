package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// node is a host of another architecture.
type node struct {
	debian
	machine string
}

func (n node) Machine() string { return n.machine }

// first is the only system call in the mask of a line's rule, on a machine.
func first(t *testing.T, line, machine string) (uint32, error) {
	t.Helper()
	wire, problems, err := encodeLine(line, node{machine: machine})
	if err != nil || wire == "" {
		return 0, fmt.Errorf("%v %w", problems, err)
	}
	parts, err := wire.Open()
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint32(maskBits) {
		if parts.Mask[n/32]&(1<<(n%32)) != 0 {
			return n, nil
		}
	}
	t.Fatalf("%s: the mask is empty", line)
	return 0, nil
}

func TestSystemCallsHaveTheNumberOfTheirArchitecture(t *testing.T) {
	for _, row := range []struct {
		machine, arch, call string
		number              uint32
	}{
		{"x86_64", "b64", "execve", 59},
		{"x86_64", "b32", "execve", 11},
		{"x86_64", "b64", "pwrite", 18},
		{"x86_64", "b64", "pwrite64", 18},
		{"i686", "b32", "madvise1", 219},
		{"aarch64", "b64", "execve", 221},
		{"aarch64", "b32", "umount", 22},
		{"aarch64", "b64", "newfstat", 80},
		{"ppc64le", "b64", "execve", 11},
		{"ppc64le", "b64", "perf_counter_open", 319},
		{"s390x", "b64", "openat", 288},
		{"s390x", "b32", "chown32", 212},
		{"s390x", "b32", "msgget", 399},
		{"riscv64", "b64", "openat", 56},
		{"loongarch64", "b64", "openat", 56},
		{"x86_64", "aarch64", "execve", 221},
		{"x86_64", "0xc00000b7", "execve", 221},
		{"x86_64", "c00000b7", "execve", 221},
	} {
		got, err := first(t, "-a always,exit -F arch="+row.arch+" -S "+row.call, row.machine)
		if err != nil || got != row.number {
			t.Errorf("%s of %s on %s is %d, want %d (%v)", row.call, row.arch, row.machine, got, row.number, err)
		}
	}
}

func TestTheNewestSystemCallsAreOnEveryArchitecture(t *testing.T) {
	newest := strings.Fields(`fchmodat2=452 map_shadow_stack=453 futex_wake=454 statmount=457 lsm_set_self_attr=460 mseal=462 setxattrat=463
		getxattrat=464 listxattrat=465 removexattrat=466 open_tree_attr=467 file_getattr=468 file_setattr=469 listns=470 rseq_slice_yield=471`)
	for _, machine := range callTables[:uringTable] {
		for _, entry := range newest {
			call, number, _ := strings.Cut(entry, "=")
			got, err := first(t, "-a always,exit -S "+call, machine)
			if err != nil || fmt.Sprint(got) != number {
				t.Errorf("%s on %s is %d, want %s (%v)", call, machine, got, number, err)
			}
		}
	}
}

func TestTheTablesSayWhichKernelTheyAreOf(t *testing.T) {
	for name, content := range map[string]string{"syscalls.txt": callFile, "names.txt": nameFile} {
		header, _, _ := strings.Cut(content, "\n")
		if !strings.HasPrefix(header, "#") || !strings.Contains(header, "Linux ") || !strings.Contains(header, "golang.org/x/sys v") {
			t.Errorf("%s begins with %q", name, header)
		}
	}
	for table := range callTables {
		if len(allCalls().numbered[table]) == 0 {
			t.Errorf("%s has no calls", callTables[table])
		}
	}
}

func TestAListingHasTheNamesOfTheKernel(t *testing.T) {
	host := newDebian(t)
	for text, want := range map[string]string{
		"-a always,exit -F arch=b64 -S pread":                               "-a always,exit -F arch=b64 -S pread64",
		"-a always,io_uring -S mkdir":                                       "-a always,io_uring -S mkdirat",
		"-a always,exit -F arch=b64 -S 2000":                                "-a always,exit -F arch=b64 -S 2000",
		"-a always,exit -F arch=s390 -S chown32":                            "-a always,exit -F arch=b32 -S chown32",
		"-a always,exit -S all -F filetype=char":                            "-a always,exit -S all -F filetype=character",
		"-a always,exclude -F msgtype=1500":                                 "-a always,exclude -F msgtype=APPARMOR",
		"-a always,exclude -F msgtype=AA":                                   "-a always,exclude -F msgtype=APPARMOR",
		"-a never,filesystem -F fstype=0x27e0eb":                            "-a never,filesystem -F fstype=cgroup",
		"-a always,exit -F arch=b64 -S io_uring_enter -F exit=-EWOULDBLOCK": "-a always,exit -F arch=b64 -S io_uring_enter -F exit=-11",
	} {
		wire, problems, err := encodeLine(text, host)
		if err != nil || wire == "" {
			t.Errorf("%s: %v %v", text, problems, err)
			continue
		}
		if listed, err := Decode(wire); err != nil || listed.String() != want {
			t.Errorf("%s is listed as %s, want %s (%v)", text, listed, want, err)
		}
	}
}

// What the kernel lists is encoded as it is, also on a machine that means another architecture by b64.
func TestWhatIsListedKeepsItsArchitecture(t *testing.T) {
	wire, _, err := encodeLine("-a always,exit -F arch=b64 -S openat", node{machine: "s390x"})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := Decode(wire)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := listed.Encode(newDebian(t)); again != wire {
		t.Errorf("%s has other bytes on x86_64 (%v)", listed, err)
	}
}

func TestEveryPairOfFieldsIsComparedInEitherOrder(t *testing.T) {
	pairs := 0
	for number, pair := range comparisons.names {
		left, right, _ := strings.Cut(pair, ",")
		for _, text := range []string{left + "!=" + right, right + "!=" + left} {
			file, problems := Parse("-a always,exit -S all -C " + text)
			if len(file.Rules) != 1 || file.Rules[0].fields[0].value.number != number {
				t.Errorf("-C %s is not comparison %d: %v", text, number, problems)
			}
		}
		pairs++
	}
	if pairs != 25 {
		t.Errorf("%d pairs, the kernel has 25 (AUDIT_MAX_FIELD_COMPARE)", pairs)
	}
}

func TestEveryFieldOfTheKernelIsRead(t *testing.T) {
	values := map[kind]string{text: "x", path: "/x", arch: "b64", message: "CWD", perms: "r", file: "dir", fstype: "debugfs", compare: "1"}
	lists := []string{"exit", "user", "exclude", "filesystem"}
	for _, f := range fieldTypes {
		value := values[f.kind]
		if value == "" {
			value = "1"
		}
		if !slices.ContainsFunc(lists, func(l string) bool {
			file, _ := Parse("-a always," + l + " -F " + f.name + "=" + value + " -F key=k")
			return len(file.Rules) == 1 && file.Rules[0].has(f.id)
		}) {
			t.Errorf("no list takes %s=%s", f.name, value)
		}
	}
}

// A rule for no system call, which a program can load, stays one: encoded as a rule for all it would record everything.
func TestAnEmptyMaskStaysEmpty(t *testing.T) {
	for _, list := range []uint32{uint32(listExit), uint32(listURing)} {
		wire := Parts{List: list, Fields: []Part{{Field: 0, Op: uint32(equal), Value: 1}}}.Wire()
		listed, err := Decode(wire)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := listed.Encode(newDebian(t)); again != wire {
			t.Errorf("%s has other bytes (%v)", listed, err)
		}
		if _, problems := Parse(listed.String()); len(problems) == 0 {
			t.Errorf("%s is read without a remark", listed)
		}
		if names, all := listed.Calls(); len(names) > 0 || all {
			t.Errorf("%s asks for %v, all %v", listed, names, all)
		}
	}
}
