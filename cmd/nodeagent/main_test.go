package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// byHand is the argument with which this test program does what auditctl -D -k does, as a process of its own.
const byHand = "delete-by-hand"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == byHand {
		if err := deleteOurs(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(kerneltest.Main(m))
}

func deleteOurs() error {
	client, err := kernel.Open()
	if err != nil {
		return err
	}
	rules, err := client.List()
	for _, w := range rules {
		if r, e := rule.Decode(w); e == nil && slices.Contains(r.Keys(), key) {
			err = errors.Join(err, client.Delete(w))
		}
	}
	return errors.Join(err, client.Close())
}
