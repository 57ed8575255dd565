package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

// corpus is a rule file, and what became of it.
type corpus struct {
	name  string
	rules []rule.Rule
	// directories are those that the rules of the corpora name.
	directories []string

	// skipped rules name a user that is not there, are refused by the kernel, or stand there twice; recording ones match the meter.
	skipped, recording int
	// lost counts records that the kernel has lost meanwhile, of whomever.
	lost uint32
	// written and optimised are the rules that were loaded, raw and cheap what they cost, and bases what calls take without them.
	written, optimised []rule.Wire
	raw, cheap         result
	bases              []result
}

// base is the least time of a call without rules.
func (c *corpus) base(call int) float64 {
	least := c.bases[0][call]
	for _, b := range c.bases {
		least = min(least, b[call])
	}
	return least
}

func readCorpus(path, directories string) (*corpus, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	names, err := os.ReadFile(directories)
	if err != nil {
		return nil, err
	}
	file, _ := rule.Parse(string(text)) // lines that are no rules are in the numbers of api/rule's tests
	return &corpus{
		name: strings.TrimSuffix(filepath.Base(path), ".rules"), rules: file.Rules, directories: strings.Fields(string(names)),
	}, nil
}

// furnish makes the root directory of a host below root that has the directories which the rules need, and this machine's users.
func (c *corpus) furnish(root string) error {
	made := slices.Clone(c.directories)
	for _, r := range c.rules {
		for _, p := range r.Paths() {
			made = append(made, filepath.Dir(p))
		}
	}
	for _, d := range append(made, "/etc") {
		if err := os.MkdirAll(filepath.Join(root, d), 0o700); err != nil {
			return err
		}
	}
	for _, name := range []string{"/etc/passwd", "/etc/group"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// encode returns the bytes of the rules on that host, each once.
func (c *corpus) encode(root string) []rule.Wire {
	var wires []rule.Wire
	node := host.New(root)
	for _, r := range c.rules {
		w, err := r.Encode(node)
		if err != nil || slices.Contains(wires, w) {
			c.skipped++
			continue
		}
		wires = append(wires, w)
	}
	return wires
}
