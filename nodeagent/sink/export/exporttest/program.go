package exporttest

import (
	"bytes"
	"net"
	"os/exec"
	"testing"
	"time"
)

// Address returns an address of loopback with a port that nobody uses now.
func Address(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it only found a port
	return listener.Addr().String()
}

// Listens says whether somebody takes connections at all of the addresses.
func Listens(addresses ...string) func() bool {
	return func() bool {
		for _, address := range addresses {
			conn, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				return false
			}
			_ = conn.Close()
		}
		return true
	}
}

// Run starts the program of a receiver and waits until it is ready. It is killed by kill, or at the end of the test. One that ends by itself fails the test with
// its last words.
func Run(t *testing.T, command *exec.Cmd, ready func() bool) (kill func()) {
	t.Helper()
	var words bytes.Buffer
	command.Stdout, command.Stderr = &words, &words
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	kill = func() { _ = command.Process.Kill(); <-ended }
	t.Cleanup(kill)
	Eventually(t, func() string { return command.Path + " does not become ready" }, func() bool {
		select {
		case <-ended:
			t.Fatalf("%s has ended: %s", command.Path, words.String())
		default:
		}
		return ready()
	})
	return kill
}
