package receive

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for sockets in the runtime's poller without being told of each datagram.
//
// A socket that the runtime watches itself wakes a thread for each datagram, also while the reader only pauses so that more of them come
// together. So the sockets are in an epoll set of their own, each to be told of once only, and the runtime watches that set.
//
// Pauses are a timer of the kernel in the same set. Each timer of the runtime wakes its watching thread too, which then looks around some
// times before it sleeps again: on a node with few events that would be most of what the agent costs.
type poller struct {
	epoll int
	timer int
	file  *os.File
	conn  syscall.RawConn
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	file := os.NewFile(uintptr(fd), "audit sockets")
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	p := &poller{epoll: fd, file: file, conn: conn}
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("making a timer: %w", err)
	}
	// Told of at each expiry, so that nobody has to read it.
	err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, p.timer, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(p.timer)})
	if err != nil {
		p.close()
		return nil, fmt.Errorf("watching a timer: %w", err)
	}
	return p, nil
}

// pause returns after the time, or after wake. Sockets that are armed end it too.
func (p *poller) pause(long time.Duration) {
	if setTimer(p.timer, long) {
		p.wait()
	}
}

// add puts a socket into the set. It is told of after arm only.
func (p *poller) add(fd int) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Fd: int32(fd)})
}

// remove takes it out.
func (p *poller) remove(fd int) { _ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, fd, nil) }

// arm has the next datagram of the socket end the wait, or one that is there already.
func (p *poller) arm(fd int) {
	change(p.epoll, fd, unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(fd)})
}

// wait returns when an armed socket has something, or after wake.
func (p *poller) wait() {
	_ = p.conn.Read(func(fd uintptr) bool { return ready(int(fd)) })
}

// wake ends this wait and all to come, until rest.
func (p *poller) wake() { _ = p.file.SetReadDeadline(time.Unix(1, 0)) }

func (p *poller) rest() { _ = p.file.SetReadDeadline(time.Time{}) }

func (p *poller) close() {
	_ = p.file.Close()
	_ = unix.Close(p.timer)
}
