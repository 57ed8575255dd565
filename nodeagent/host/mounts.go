package host

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// diskTypes are the file systems on which a node keeps its programs. All others are left out: those of the kernel have none, those of the
// network can be slow or gone, and overlays are the containers'.
var diskTypes = map[string]bool{
	"bcachefs": true, "btrfs": true, "erofs": true, "ext2": true, "ext3": true, "ext4": true, "f2fs": true, "jfs": true, "ramfs": true,
	"reiserfs": true, "squashfs": true, "tmpfs": true, "xfs": true, "zfs": true,
}

// foreignMounts reads a table in the form of /proc/PID/mountinfo, see proc_pid_mountinfo(5), and returns the mount points below which no
// program raises rights: those that are mounted nosuid or noexec, and those of other file systems than the node's own disks.
func foreignMounts(table io.Reader) map[string]bool {
	foreign := map[string]bool{}
	for lines := bufio.NewScanner(table); lines.Scan(); {
		mount, source, found := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(mount)
		if !found || len(fields) < 6 {
			continue
		}
		kind, _, _ := strings.Cut(source, " ")
		barred := strings.Contains(","+fields[5]+",", ",nosuid,") || strings.Contains(","+fields[5]+",", ",noexec,")
		foreign[unescape(fields[4])] = barred || !diskTypes[kind] // of mounts on one point the last one counts
	}
	return foreign
}

// unescape undoes \040 and the like, as which the kernel writes white space.
func unescape(s string) string {
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if code, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				text.WriteByte(byte(code))
				i += 3
				continue
			}
		}
		text.WriteByte(s[i])
	}
	return text.String()
}
