package main

import (
	"os"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }
