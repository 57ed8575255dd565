package receive

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of the reader never wait, so the runtime is not told of them: each one that it is told of wakes its watching thread, which then
// looks around some times before it sleeps again. On a node with few events that was half of what the agent cost.

// readDatagrams is recvmmsg without waiting.
func readDatagrams(fd int, headers *[slots]header) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(headers)), slots, unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // what it points to is the ring's, which outlives the call
	return int(n), errno
}

// ready says whether the epoll set has something to tell, which is told with that, or cannot be asked.
func ready(epoll int) bool {
	var events [4]unix.EpollEvent
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll),
		uintptr(unsafe.Pointer(&events)), uintptr(len(events)), 0, 0, 0) //nolint:gosec // the kernel writes there during the call only
	return n > 0 && errno == 0 || errno != 0 && errno != unix.EINTR
}

// change changes what the epoll set watches of a socket.
func change(epoll, fd int, event unix.EpollEvent) {
	_, _, _ = unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(epoll), unix.EPOLL_CTL_MOD, uintptr(fd),
		uintptr(unsafe.Pointer(&event)), 0, 0) //nolint:gosec // the kernel reads it during the call only
}

// setTimer has the timer expire once, after the time.
func setTimer(timer int, after time.Duration) bool {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(after.Nanoseconds())}
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(timer), 0,
		uintptr(unsafe.Pointer(&spec)), 0, 0, 0) //nolint:gosec // the kernel reads it during the call only
	return errno == 0
}
