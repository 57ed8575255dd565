package optimize

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/ruletest"
)

// The proof is worth something only if it finds a pass that is wrong.
func TestTheProofFindsAWrongPass(t *testing.T) {
	for name, wrong := range map[string]func(*set){
		"merging past rules that care":                func(s *set) { s.eachPair(func(a, b *item) { s.mergeAnyway(a, b) }) },
		"a rule on a file changes places with others": func(s *set) { s.swapAgreeing() },
		"dropping without looking at what is no number": func(s *set) {
			s.drop(func(earlier, later *item) bool { return earlier.numbersCover(later) }, Redundant)
		},
		"dropping without looking at the calls": func(s *set) {
			s.drop(func(earlier, later *item) bool { return slices.Equal(earlier.conditions, later.conditions) }, Redundant)
		},
		"narrowing without openat":                              func(s *set) { s.narrow(); s.without("openat") },
		"narrowing without a call that is newer than the table": func(s *set) { s.narrow(); s.withoutNumber(602) },
		"a never rule comes first": func(s *set) {
			slices.SortStableFunc(s.items, func(a, b *item) int { return len(a.action()) - len(b.action()) })
		},
		"paths with other names are other files": func(s *set) { s.sortByPath() },
	} {
		t.Run(name, func(t *testing.T) {
			restore := passes
			t.Cleanup(func() { passes = restore })
			passes = passes[:0:0]
			passes = append(passes, struct {
				name string
				do   func(*set)
			}{name, wrong})
			random := rand.New(rand.NewPCG(3, 4))
			for n := range 2000 {
				rules := wires(t, ruletest.X8664, strings.Split(ruletest.RandomRules(random, 2+random.IntN(10)), "\n"))
				if newProof(t, ruletest.X8664, rules, optimized(rules, ruletest.X8664)).run(2000, uint64(n)) != "" {
					return
				}
			}
			t.Error("no event was treated otherwise")
		})
	}
}

func (s *set) eachPair(do func(a, b *item)) {
	for n := range s.items {
		for m := range n {
			if n < len(s.items) {
				do(s.items[m], s.items[n])
			}
		}
	}
}

func (i *item) numbersCover(later *item) bool {
	uncovered := func(x test) bool { return x.spans && !later.implies(&x) }
	return i.parts.Mask == later.parts.Mask && i.agrees(later) && !slices.ContainsFunc(i.tests, uncovered)
}

func (s *set) mergeAnyway(a, b *item) {
	if joined, is := join(a, b); is {
		a.become(joined, s.machine)
		s.items = slices.DeleteFunc(s.items, func(i *item) bool { return i == b })
	}
}

// swapAgreeing exchanges neighbours that do the same, although one is on a file and the other is not.
func (s *set) swapAgreeing() {
	for n := 1; n < len(s.items); n++ {
		if a, b := s.items[n-1], s.items[n]; a.inode != b.inode && a.agrees(b) {
			s.items[n-1], s.items[n] = b, a
		}
	}
}

func (s *set) without(call string) {
	number, _ := ruletest.X8664.Number("b64", call)
	s.withoutNumber(number)
}

func (s *set) withoutNumber(n uint32) {
	for _, i := range s.items {
		if i.changed {
			i.parts.Mask[n/32] &^= 1 << (n % 32)
		}
	}
}

func (i *item) action() string {
	if i.parts.Never {
		return ""
	}
	return "always"
}

// sortByPath exchanges neighbours on files of different names.
func (s *set) sortByPath() {
	path := func(i *item) string {
		for _, p := range i.parts.Fields {
			if p.Field == fieldPath {
				return p.Text
			}
		}
		return ""
	}
	for n := 1; n < len(s.items); n++ {
		if a, b := s.items[n-1], s.items[n]; a.inode && b.inode && path(a) > path(b) {
			s.items[n-1], s.items[n] = b, a
		}
	}
}

func TestEveryRuleIsAccountedForOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		rules := wires(t, ruletest.X8664, strings.Split(ruletest.RandomRules(random, 1+random.IntN(15)), "\n"))
		in := make([]Rule, len(rules))
		for n, w := range rules {
			in[n] = Rule{Wire: w, AsWritten: random.IntN(4) == 0, Unsure: random.IntN(8) == 0}
		}
		checkAccount(t, in, Rules(in, ruletest.X8664.Name))
	}
}

func checkAccount(t *testing.T, in []Rule, result Result) {
	t.Helper()
	seen, there := map[int]int{}, map[rule.Wire]int{}
	for _, r := range result.Rules {
		there[r.Wire]++
		for _, i := range r.From {
			seen[i]++
			if in[i].AsWritten && there[in[i].Wire] == 0 {
				t.Errorf("rule %d is kept as written, and is not there", i)
			}
			if len(r.From) > 1 && in[i].Unsure && in[i].Wire != r.Wire {
				t.Errorf("rule %d is unsure, and is in another", i)
			}
		}
	}
	for i := range in {
		if seen[i] != 1 {
			t.Errorf("rule %d is done by %d rules", i, seen[i])
		}
	}
	for w, n := range there {
		if n > 1 {
			t.Errorf("%x is there %d times", string(w), n)
		}
	}
}
