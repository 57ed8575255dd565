package rule

import (
	_ "embed" // the tables of names
	"strconv"
	"strings"
)

//go:embed names.txt
var nameTable string

// messageTypes are record types by name, errnos the numbers of errors.
var (
	messageTypes = namesOf[uint32]("message")
	errnos       = namesOf[int]("errno")
)

func namesOf[N uint32 | int](table string) map[string]N {
	names := map[string]N{}
	for line := range strings.Lines(nameTable) {
		entries, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), table+" ")
		if !found {
			continue
		}
		for entry := range strings.FieldsSeq(entries) {
			name, digits, _ := strings.Cut(entry, "=")
			if n, err := strconv.Atoi(digits); err == nil {
				names[name] = N(n)
			}
		}
	}
	return names
}

// fileTypes are the S_IFMT values of inode(7), under the names of both auditctl and the kernel's documentation.
var fileTypes = map[string]uint32{
	"file": 0o100000, "dir": 0o040000, "socket": 0o140000, "link": 0o120000, "symlink": 0o120000, "character": 0o020000, "char": 0o020000,
	"block": 0o060000, "fifo": 0o010000,
}

// fileSystems are magic numbers of include/uapi/linux/magic.h.
var fileSystems = map[string]uint32{"debugfs": 0x64626720, "tracefs": 0x74726163, "cgroup2": 0x63677270}

// comparisons are AUDIT_COMPARE_* by the two fields.
var comparisons = map[string]uint32{
	"uid obj_uid": 1, "gid obj_gid": 2, "euid obj_uid": 3, "egid obj_gid": 4, "auid obj_uid": 5, "suid obj_uid": 6, "sgid obj_gid": 7,
	"fsuid obj_uid": 8, "fsgid obj_gid": 9, "uid auid": 10, "uid euid": 11, "uid fsuid": 12, "uid suid": 13, "auid fsuid": 14,
	"auid suid": 15, "auid euid": 16, "euid suid": 17, "euid fsuid": 18, "suid fsuid": 19, "gid egid": 20, "gid fsgid": 21, "gid sgid": 22,
	"egid fsgid": 23, "egid sgid": 24, "sgid fsgid": 25,
}

// uringOperations are IORING_OP_* of include/uapi/linux/io_uring.h, in order.
var uringOperations = strings.Fields(`nop readv writev fsync read_fixed write_fixed poll_add poll_remove sync_file_range sendmsg recvmsg timeout
	timeout_remove accept async_cancel link_timeout connect fallocate openat close files_update statx read write fadvise madvise send recv openat2
	epoll_ctl splice provide_buffers remove_buffers tee shutdown renameat unlinkat mkdirat symlinkat linkat msg_ring fsetxattr setxattr fgetxattr
	getxattr socket uring_cmd send_zc sendmsg_zc read_multishot waitid futex_wait futex_wake futex_waitv fixed_fd_install ftruncate bind listen`)

// uringNames are the names that auditctl gives to some operations.
var uringNames = map[string]string{"rename": "renameat", "unlink": "unlinkat", "mkdir": "mkdirat", "symlink": "symlinkat", "link": "linkat"}

func uringNumber(name string) (uint32, bool) {
	if full, known := uringNames[name]; known {
		name = full
	}
	for i, operation := range uringOperations {
		if operation == name {
			return uint32(i), true
		}
	}
	return 0, false
}
