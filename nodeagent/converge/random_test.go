package converge_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Whatever rules follow each other on a node, one pass ends in sync, a second one changes nothing, and each never rule stands between the same
// rules as in the policy.
func TestAnySequenceOfPoliciesEndsInSync(t *testing.T) {
	calls := []string{"mkdir", "rmdir", "unlink", "rename", "chmod", "chown", "link", "symlink", "mknod", "truncate"}
	for seed := range uint64(60) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			w := newWorld(t)
			for range 6 {
				var rules []string
				for _, i := range random.Perm(len(calls))[:1+random.IntN(len(calls))] {
					action, key := "always", " -F key=k"
					if i%3 == 0 {
						action, key = "never", ""
					}
					rules = append(rules, fmt.Sprintf("-a %s,exit -F arch=b64 -S %s%s", action, calls[i], key))
				}
				state := want(t, policy{name: "p", rules: lines(rules...), written: true})
				w.inSync(state)
				before := w.memory.Changes()
				w.inSync(state)
				if w.memory.Changes() != before {
					t.Fatal("the second pass changed something")
				}
				got := w.texts()
				if !sameSet(got, rules) || !slices.Equal(sides(got), sides(rules)) {
					t.Fatalf("the kernel holds\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(rules, "\n\t"))
				}
			}
		})
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// sides says for each never rule which rules stand before it.
func sides(rules []string) []string {
	var all []string
	var before []string
	for _, r := range rules {
		if !strings.Contains(r, "never") {
			before = append(before, r)
			continue
		}
		all = append(all, r+" after "+strings.Join(slices.Sorted(slices.Values(before)), ", "))
	}
	slices.Sort(all)
	return all
}
