package receive

import (
	"time"

	"golang.org/x/sys/unix"
)

// Stall has the reader do nothing for a time, in which the auditd's socket has the smallest buffer that there is.
func (r *Receiver) Stall(d time.Duration) {
	r.do(func() {
		_ = unix.SetsockoptInt(r.auditd.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 0)
		time.Sleep(d)
		enlarge(r.auditd.fd)
	})
}
