// Listener prints the audit records that another multicast client gets, as it comes from go-libaudit: the stand-in for Auditbeat in the tests of
// coexistence. It changes nothing.
package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	libaudit "github.com/elastic/go-libaudit/v2"
)

func main() {
	fmt.Fprintln(os.Stderr, "listener:", listen())
	os.Exit(1)
}

// listen goes on until it fails.
func listen() error {
	client, err := libaudit.NewMulticastAuditClient(nil)
	if err != nil {
		return err
	}
	for {
		record, err := client.Receive(false)
		if errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s %s\n", record.Type, record.Data)
	}
}
