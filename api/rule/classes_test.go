package rule

import "testing"

func TestPermCallsAreThoseThatThePermissionCanMean(t *testing.T) {
	for name, test := range map[string]struct {
		arch, perm uint32
		in, out    []string
	}{
		"writing":                 {archX86_64, permWrite, []string{"open", "openat", "openat2", "creat", "rename", "unlinkat", "truncate", "bind"}, []string{"read", "write", "getppid", "execve", "chmod", "stat"}},
		"reading":                 {archX86_64, permRead, []string{"open", "readlink", "getxattr", "quotactl"}, []string{"read", "creat", "unlink", "chmod", "execve"}},
		"executing":               {archX86_64, permExec, []string{"execve", "execveat"}, []string{"open", "openat", "creat", "chmod"}},
		"changing attributes":     {archARM64, permAttr, []string{"fchmodat", "fchownat", "setxattr", "linkat"}, []string{"openat", "unlinkat", "execve"}},
		"in a program of 32 bits": {archI386, permWrite | permAttr, []string{"open", "socketcall", "truncate64", "chown32"}, []string{"fork", "getppid", "execve"}},
	} {
		calls, known := PermCalls(test.arch, test.perm)
		if !known {
			t.Fatalf("%s: the architecture is not known", name)
		}
		for want, list := range map[bool][]string{true: test.in, false: test.out} {
			for _, call := range list {
				n, exists := allCalls().named[call].number(tableOf(test.arch))
				if !exists || calls.Has(n) != want {
					t.Errorf("%s: %s (%d, %v) is in the set: %v, want %v", name, call, n, exists, calls.Has(n), want)
				}
			}
		}
		for n := uint32(1000); n < maskBits-classBits; n++ {
			if !calls.Has(n) {
				t.Fatalf("%s: call %d, which a newer kernel may have, is not in the set", name, n)
			}
		}
		if calls.Has(maskBits - 1) {
			t.Errorf("%s: the set has a class, with which the kernel would add calls", name)
		}
	}
	if _, known := PermCalls(1, permAll); known {
		t.Error("an architecture without a table is known")
	}
}

// Every name of a class is one of a call: a word that is mistyped would cost records.
func TestEveryCallOfAPermissionIsKnown(t *testing.T) {
	for _, class := range permClasses {
		for _, name := range class.calls {
			if c := allCalls().named[name]; c == nil || !c.isSystemCall() {
				t.Errorf("%s is no system call", name)
			}
		}
	}
}
