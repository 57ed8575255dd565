package rule

import (
	"slices"
	"testing"
)

func TestPartsAreTheWholeRule(t *testing.T) {
	host := debian{map[string]bool{"/etc": true}}
	file, problems := Parse("-w /etc -p wa -k identity\n-A never,exit -F arch=b64 -S execve,openat -F a0&3 -C auid!=uid -F exe=/bin/sh -k x -k y\n" +
		"-a always,exclude -F msgtype=CWD\n-a always,io_uring -S openat -k uring")
	if len(file.Rules) != 4 {
		t.Fatal(problems)
	}
	for _, r := range file.Rules {
		wire, err := r.Encode(host)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := wire.Open()
		if err != nil {
			t.Fatal(err)
		}
		if parts.Wire() != wire {
			t.Errorf("%s is another rule when it is put together again", r)
		}
		if !slices.Equal(parts.Keys(), r.Keys()) {
			t.Errorf("keys %q, want %q", parts.Keys(), r.Keys())
		}
	}
	if _, err := Wire("short").Open(); err == nil {
		t.Error("5 bytes are a rule")
	}
}
