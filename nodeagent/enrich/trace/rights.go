//go:build linux

package trace

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/rights"
)

// ErrRightsNeeded says that this kernel asks for the right to load programs also from who only looks into their tables.
var ErrRightsNeeded = errors.New("before Linux 6.0 the kernel asks for them with every look into a table")

// DropRights gives up CAP_BPF and CAP_PERFMON for good, in all threads: what Open has loaded goes on without them, and a Tracer answers without
// them. Where other rights include these two, they are kept: a process with CAP_SYS_ADMIN has nothing to give up.
func DropRights() error {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	if major := majorOf(unix.ByteSliceToString(name.Release[:])); major < 6 {
		return ErrRightsNeeded
	}
	if rights.Has(unix.CAP_SYS_ADMIN) {
		return errors.New("CAP_SYS_ADMIN includes them")
	}
	return rights.GiveUp(unix.CAP_BPF, unix.CAP_PERFMON)
}

// majorOf reads the first number of a kernel's release, 0 if there is none.
func majorOf(release string) int {
	major := 0
	for _, c := range release {
		if c < '0' || c > '9' || major > 1000 {
			break
		}
		major = 10*major + int(c-'0')
	}
	return major
}
