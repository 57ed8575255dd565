package main

import "strings"

// uringOperations are IORING_OP_*, in order.
const uringOperations = `nop readv writev fsync read_fixed write_fixed poll_add poll_remove sync_file_range sendmsg recvmsg timeout timeout_remove
	accept async_cancel link_timeout connect fallocate openat close files_update statx read write fadvise madvise send recv openat2 epoll_ctl
	splice provide_buffers remove_buffers tee shutdown renameat unlinkat mkdirat symlinkat linkat msg_ring fsetxattr setxattr fgetxattr getxattr
	socket uring_cmd send_zc sendmsg_zc read_multishot waitid futex_wait futex_wake futex_waitv fixed_fd_install ftruncate bind listen recv_zc
	epoll_wait readv_fixed writev_fixed pipe nop128 uring_cmd128`

func operations() map[string]int64 {
	numbers := map[string]int64{}
	for i, name := range strings.Fields(uringOperations) {
		numbers[name] = int64(i)
	}
	return numbers
}

// operationSpellings are names that auditctl 3 has for some.
func operationSpellings() map[string]int64 {
	numbers, more := operations(), map[string]int64{}
	for _, name := range []string{"rename", "unlink", "mkdir", "symlink", "link"} {
		more[name] = numbers[name+"at"]
	}
	return more
}
