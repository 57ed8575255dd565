package main

import (
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
)

func BenchmarkAll(b *testing.B) {
	for b.Loop() {
		if _, err := decodeAll("/tmp/d5.captured.log", (*decode.Decoder).Read); err != nil {
			b.Fatal(err)
		}
	}
}
