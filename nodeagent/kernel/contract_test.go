package kernel_test

import (
	"os"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

func TestKernelKeepsTheContract(t *testing.T) {
	kerneltest.Contract(t, func(t *testing.T) kerneltest.Control { return kerneltest.Lock(t) })
}
