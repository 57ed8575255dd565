package stdout

import (
	"fmt"
	"os"
	"syscall"
)

// Interruptible returns the same output with deadlines if file is a pipe, as a container's standard output is, and file itself if it is
// something else or /proc does not let it. A pipe whose reader stands still, as a runtime does while it is restarted, then holds nobody up
// for longer than wanted. The pipe is opened once more: others who have it see no difference, which O_NONBLOCK on file would make. It is
// the caller's to close; once for a process is enough.
func Interruptible(file *os.File) *os.File {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return file
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return file
	}
	again := file
	open := func(fd uintptr) {
		if opened, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			again = opened
		}
	}
	if err := conn.Control(open); err != nil {
		return file
	}
	return again
}
