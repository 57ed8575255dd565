package kernel

import (
	"time"

	"golang.org/x/sys/unix"
)

// Stall asks for a listing with the smallest buffer and reads it too slowly, and returns the error.
func (c *Client) Stall() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := unix.SetsockoptInt(c.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
		return err
	}
	return c.socket.exchange(unix.AUDIT_LIST_RULES, nil, func(kind uint16, _ []byte) bool {
		time.Sleep(150 * time.Millisecond) // longer than the kernel waits
		return kind == unix.NLMSG_DONE
	})
}
