package rule

import (
	"os"
	"testing"
)

func BenchmarkParseAndEncode(b *testing.B) {
	host := debian{map[string]bool{"/etc": true}}
	b.ReportAllocs()
	for b.Loop() {
		file, _ := Parse("-a always,exit -F arch=b64 -S execve,execveat -F auid>=1000 -F auid!=unset -k exec")
		if _, err := file.Rules[0].Encode(host); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFile reads a public file of 400 rules as a whole and encodes each.
func BenchmarkFile(b *testing.B) {
	content, err := os.ReadFile("testdata/corpora/neo23x0.rules")
	if err != nil {
		b.Fatal(err)
	}
	host := debian{map[string]bool{"/etc": true}}
	text := string(content)
	rules := 0
	b.ReportAllocs()
	for b.Loop() {
		file, _ := Parse(text)
		rules += len(file.Rules)
		for _, r := range file.Rules {
			_, _ = r.Encode(host) // some of them name users that the host does not have
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rules), "ns/rule")
}
