package optimize

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/packs"
	"github.com/nodeaudit/nodeaudit/api/rule/ruletest"
)

var events = flag.Int("events", 20_000, "how many events to try on each real rule set")

const corpora = "../testdata/corpora/"

func TestNoEventIsTreatedOtherwise(t *testing.T) {
	sets := realSets(t)
	for _, m := range ruletest.Machines {
		var before, after int
		for name, lines := range sets {
			t.Run(m.Name+"/"+name, func(t *testing.T) {
				rules := wires(t, m, lines)
				result := optimized(rules, m)
				before, after = before+len(rules), after+len(result.Rules)
				p := newProof(t, m, rules, result)
				if diff := p.run(*events, uint64(len(rules))); diff != "" {
					t.Error(diff)
				}
				t.Logf("%d rules become %d; %d events, of which %d met a rule", len(rules), len(result.Rules), *events, p.met)
			})
		}
		t.Logf("%s: %d rules become %d", m.Name, before, after)
	}
}

func TestNoEventIsTreatedOtherwiseByRandomRules(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tried := max(300, *events/200)
	for n := range tried {
		m := ruletest.Machines[n%len(ruletest.Machines)]
		text := ruletest.RandomRules(random, 1+random.IntN(12))
		rules := wires(t, m, strings.Split(text, "\n"))
		p := newProof(t, m, rules, optimized(rules, m))
		if diff := p.run(4000, uint64(n)); diff != "" {
			t.Fatalf("set %d on %s: %s\n%s", n, m.Name, diff, text)
		}
	}
	t.Logf("%d random sets", tried)
}

func optimized(rules []rule.Wire, m ruletest.Machine) Result {
	in := make([]Rule, len(rules))
	for n, w := range rules {
		in[n].Wire = w
	}
	return Rules(in, m.Name)
}

// proof compares what becomes of events before and after.
type proof struct {
	machine       ruletest.Machine
	names         ruletest.Names
	before, after *ruletest.Set
	given         []rule.Wire
	result        Result
	superfluous   map[int]Kind
	met           int
}

func newProof(t *testing.T, m ruletest.Machine, rules []rule.Wire, result Result) *proof {
	t.Helper()
	p := &proof{machine: m, given: rules, result: result, superfluous: map[int]Kind{}}
	var made []rule.Wire
	for _, r := range result.Rules {
		made = append(made, r.Wire)
	}
	var err error
	if p.before, err = ruletest.Load(rules, &p.names); err != nil {
		t.Fatal(err)
	}
	if p.after, err = ruletest.Load(made, &p.names); err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		p.superfluous[f.Rule] = f.Kind
	}
	return p
}

// run returns what was different, and nothing where nothing was.
func (p *proof) run(count int, seed uint64) string {
	g := ruletest.NewGenerator(p.before, &p.names, p.machine, seed)
	var e ruletest.Event
	for range count {
		g.Event(&e)
		was, by := p.before.Decide(&e)
		is, now := p.after.Decide(&e)
		if was != is {
			return fmt.Sprintf("was %+v by %s, is %+v by %s: %+v", was, p.text(by, p.given), is, p.text(now, p.made()), e)
		}
		if by < 0 {
			continue
		}
		p.met++
		if kind, is := p.superfluous[by]; is {
			return fmt.Sprintf("%s is said to be %s, and decides: %+v", p.text(by, p.given), kind, e)
		}
	}
	return ""
}

func (p *proof) made() []rule.Wire {
	var all []rule.Wire
	for _, r := range p.result.Rules {
		all = append(all, r.Wire)
	}
	return all
}

func (p *proof) text(n int, rules []rule.Wire) string {
	if n < 0 {
		return "no rule"
	}
	r, _ := rule.Decode(Plain(rules[n], p.machine.Name))
	return fmt.Sprintf("rule %d (%s)", n, r)
}

// wires are the rules of the lines as far as they can be on a machine.
func wires(tb testing.TB, m ruletest.Machine, lines []string) []rule.Wire {
	tb.Helper()
	host := ruletest.Host{On: m, Directories: directories(tb)}
	var all []rule.Wire
	for _, line := range lines {
		file, _ := rule.Parse(line)
		for _, r := range file.Rules {
			r, possible := r.On(m.Name)
			if !possible {
				continue
			}
			if w, err := r.Encode(host); err == nil {
				all = append(all, w.Canonical())
			}
		}
	}
	return all
}

func directories(tb testing.TB) map[string]bool {
	tb.Helper()
	content, err := os.ReadFile(corpora + "directories.txt")
	if err != nil {
		tb.Fatal(err)
	}
	found := map[string]bool{"/etc": true, "/d": true}
	for line := range strings.Lines(string(content)) {
		found[strings.TrimRight(strings.TrimSpace(line), "/")] = true
	}
	return found
}

// realSets are the rule files of the corpora and the packs, and one of all the lines of the corpora.
func realSets(tb testing.TB) map[string][]string {
	tb.Helper()
	file, err := os.Open(corpora + "oracle.jsonl.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	sets := map[string][]string{}
	for decoder := json.NewDecoder(unzipped); decoder.More(); {
		var line struct{ Line string }
		if err := decoder.Decode(&line); err != nil {
			tb.Fatal(err)
		}
		sets["all together"] = append(sets["all together"], line.Line)
	}
	for name, numbers := range ruletest.Corpora() {
		for _, n := range numbers {
			sets[name] = append(sets[name], sets["all together"][n-1])
		}
	}
	for _, p := range packs.All() {
		sets["pack "+p.Name] = strings.Split(p.Text(packs.Parameters{}), "\n")
	}
	return sets
}
