//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// withKey returns the rules with a key that this machine's kernel lists. The nodes of the local cluster share it.
func withKey(key string) (texts []string, wires []rule.Wire, err error) {
	client, err := kernel.Open()
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	all, err := client.List()
	if err != nil {
		return nil, nil, err
	}
	for _, wire := range all {
		r, err := rule.Decode(wire)
		if err == nil && slices.Contains(r.Keys(), key) {
			texts, wires = append(texts, r.String()), append(wires, wire)
		}
	}
	return texts, wires, nil
}

func listed(t *testing.T, key string) []string {
	t.Helper()
	texts, _, err := withKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func present(key string) error {
	texts, _, err := withKey(key)
	if err == nil && len(texts) == 0 {
		err = fmt.Errorf("the kernel has no rule with key %s", key)
	}
	return err
}

func absent(key string) error {
	texts, _, err := withKey(key)
	if err == nil && len(texts) > 0 {
		err = fmt.Errorf("the kernel still has %q", texts)
	}
	return err
}

// deleteByHand does what `auditctl -W path` would: it deletes the rule that has the word in it.
func deleteByHand(t *testing.T, word string) {
	t.Helper()
	client, err := kernel.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	all, err := client.List()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(w rule.Wire) bool { return strings.Contains(string(w), word) })
	if i < 0 {
		t.Fatalf("the kernel has no rule with %s", word)
	}
	if err := client.Delete(all[i]); err != nil {
		t.Fatal(err)
	}
}
