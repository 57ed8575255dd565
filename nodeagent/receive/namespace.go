package receive

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// checkNamespace returns ErrNamespace where the socket is not among the netlink sockets of process 1's network namespace. Every namespace
// lets a process join the group, but the kernel sends to the initial one only, so that the agent would wait for ever. Links in
// /proc/1/ns would tell it more directly, but only to CAP_SYS_PTRACE. Where the list cannot be read nothing is known, and that is no error.
func checkNamespace(fd int, list string) error {
	var own unix.Stat_t
	if err := unix.Fstat(fd, &own); err != nil {
		return fmt.Errorf("looking at the audit socket: %w", err)
	}
	file, err := os.Open(list)
	if err != nil {
		return nil // /proc without process 1, or hidden from us: the question stays open
	}
	defer func() { _ = file.Close() }()
	inode := strconv.FormatUint(own.Ino, 10)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 0 && fields[len(fields)-1] == inode {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", list, err)
	}
	return ErrNamespace
}
