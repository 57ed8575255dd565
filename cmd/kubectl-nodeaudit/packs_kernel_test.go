package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/packs"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// Every rule of every pack is one that the kernel takes. What it does not find is a path, and that is not there. A rule that another pack has
// too, or that was in the kernel before, it has already.
func TestKernelTakesEveryPack(t *testing.T) {
	client := kerneltest.Lock(t)
	node := host.New("/")
	for _, p := range packs.All() {
		rules, _ := p.Parse(packs.Parameters{})
		loaded := 0
		for _, r := range expand(rules) {
			wire, err := r.Encode(node)
			if err != nil {
				t.Errorf("%s: %s: %v", p.Name, r, err)
				continue
			}
			switch err := client.Add(wire); {
			case err == nil, errors.Is(err, kernel.ErrExists):
				loaded++
			case !errors.Is(err, kernel.ErrNotFound) || !lacksPath(r):
				t.Errorf("%s: %s: %v", p.Name, r, err)
			}
		}
		if loaded == 0 {
			t.Errorf("%s: not one rule is loaded", p.Name)
		}
		t.Logf("%s: %d of %d rules loaded, the paths of the others are not there", p.Name, loaded, len(rules))
	}
}

// expand puts one program in place of those that raise rights: which there are is not the question here.
func expand(rules []rule.Rule) []rule.Rule {
	for i, r := range rules {
		rules[i] = r.WithPath("/etc/passwd")
	}
	return rules
}

// lacksPath says whether a path of the rule, or the directory that it is in, is not there.
func lacksPath(r rule.Rule) bool {
	for _, path := range r.Paths() {
		if _, err := os.Stat(path); err != nil {
			return true
		}
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return true
		}
	}
	return false
}
