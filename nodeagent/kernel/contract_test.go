package kernel_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func TestMain(m *testing.M) {
	if os.Getenv(askEnv) != "" {
		ask()
		return
	}
	os.Exit(kerneltest.Main(m))
}

func TestKernelKeepsTheContract(t *testing.T) {
	kerneltest.Contract(t, func(t *testing.T) kerneltest.Control { return kerneltest.Lock(t) })
}

func TestKernelAListingIsWholeAfterOneThatWasNot(t *testing.T) {
	client := kerneltest.Lock(t)
	const rules = 40
	for i := range rules {
		if err := client.Add(kerneltest.Syscall(170, fmt.Sprintf("kernel-test-listing-%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Stall(); !errors.Is(err, unix.ENOBUFS) {
		t.Fatalf("a reader that stands still gets %v, want ENOBUFS", err)
	}
	for range 3 {
		listed, err := client.List()
		if err != nil || len(listed) < rules {
			t.Errorf("%d rules are listed, %v", len(listed), err)
		}
	}
}
