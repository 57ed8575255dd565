//go:build linux

package footprint

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mapping is a part of the address space.
type mapping struct {
	start, end uintptr
	file       string
	readOnly   bool // private, and nobody in this process can write to it
	changed    bool // it has pages that are not those of the file
}

// Release drops the pages of the program's text and constants that are mapped. Those that are used again come back from the page cache, which
// keeps them: nothing is read from the disk for it as long as the kernel has memory. It returns how many bytes it has dropped at most.
func Release() (dropped uint64, err error) {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return 0, fmt.Errorf("looking for the program's file: %w", err)
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return 0, fmt.Errorf("looking at the program's memory: %w", err)
	}
	defer maps.Close()
	for _, m := range parse(maps) {
		if m.file != program || !m.readOnly || m.changed {
			continue
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED); errno != 0 {
			return dropped, fmt.Errorf("giving back the pages of %s: %w", program, errno)
		}
		dropped += uint64(m.end - m.start)
	}
	return dropped, nil
}

// parse reads /proc/PID/smaps. A mapping of which it does not say how many pages are its own counts as changed: dropping a page that a debugger
// or a relocation has written to would lose what was written.
func parse(smaps io.Reader) []mapping {
	var all []mapping
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if m, ok := parseHead(fields); ok {
			all = append(all, m)
			continue
		}
		if len(fields) >= 2 && fields[0] == "Anonymous:" && len(all) > 0 {
			all[len(all)-1].changed = fields[1] != "0"
		}
	}
	return all
}

// parseHead reads the line with which a mapping begins: its addresses, rights, offset, device, inode, and the file.
func parseHead(fields []string) (mapping, bool) {
	if len(fields) < 5 {
		return mapping{}, false
	}
	from, to, ok := strings.Cut(fields[0], "-")
	start, err := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	if !ok || err != nil || err2 != nil || end <= start {
		return mapping{}, false
	}
	rights := fields[1]
	m := mapping{start: uintptr(start), end: uintptr(end), changed: true}
	m.readOnly = len(rights) == 4 && rights[1] == '-' && rights[3] == 'p'
	if len(fields) == 6 { // with more the name has a space, as that of a deleted file
		m.file = fields[5]
	}
	return m, true
}
