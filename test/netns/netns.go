// Package netns is for tests whose peers are in a network namespace of their own.
package netns

import (
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Listen makes a socket for TCP in a namespace that `ip netns` knows by this name. It stays there, whoever uses it.
func Listen(namespace, address string) (listener net.Listener, err error) {
	made := make(chan struct{})
	go func() {
		defer close(made)
		runtime.LockOSThread() // for ever: a thread that has been elsewhere ends with this goroutine
		var there *os.File
		if there, err = os.Open("/run/netns/" + namespace); err != nil {
			return
		}
		defer func() { _ = there.Close() }()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err == nil {
			listener, err = net.Listen("tcp", address) //nolint:noctx // it looks nothing up
		}
	}()
	<-made
	return listener, err
}
