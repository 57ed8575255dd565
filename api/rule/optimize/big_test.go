package optimize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/ruletest"
)

func TestTooManyRulesStayAsTheyAre(t *testing.T) {
	two := wires(t, ruletest.X8664, []string{"-a always,exit -S 1 -k a", "-a always,exit -S 2 -k a"})
	in := make([]Rule, mostRules+1)
	for i := range in {
		in[i].Wire = two[i%2]
	}
	got := Rules(in, ruletest.X8664.Name)
	if len(got.Rules) != 2 || len(got.Rules[0].From) != mostRules/2+1 || len(got.Rules[1].From) != mostRules/2 {
		t.Errorf("%d rules", len(got.Rules))
	}
}

// BenchmarkManyRules shows how the time grows with the number of rules of one kind.
func BenchmarkManyRules(b *testing.B) {
	for _, kind := range []struct{ name, rule string }{
		{"files", "-w /etc/%d.conf -p wa -k k%d"},
		{"programs", "-a always,exit -F path=/usr/bin/%d -F perm=x -F auid>=1000 -F auid!=unset -k privileged%d"},
		{"users", "-a always,exit -F arch=b64 -S unlink,rename -F uid=%d -k u%d"},
		{"calls", "-a always,exit -F arch=b64 -S openat -F a1=%d -k %d"},
	} {
		for _, n := range []int{500, 2000} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, n), func(b *testing.B) {
				var text strings.Builder
				for i := range n {
					fmt.Fprintf(&text, kind.rule+"\n", i, i%7)
				}
				file, _ := rule.Parse(text.String())
				var in []Rule
				for _, r := range file.Rules {
					wire, err := r.Encode(ruletest.Host{On: ruletest.X8664})
					if err != nil {
						b.Fatal(err)
					}
					in = append(in, Rule{Wire: wire})
				}
				for b.Loop() {
					Rules(in, ruletest.X8664.Name)
				}
			})
		}
	}
}
