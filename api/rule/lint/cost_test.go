package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

func TestCost(t *testing.T) {
	for name, test := range map[string]struct {
		target Target
		rules  string
		want   Load
	}{
		"nothing":                       {},
		"a file":                        {rules: "-w /etc/passwd", want: Load{Rules: 1, Hashed: 1}},
		"programs that the node knows":  {rules: "-a always,exit -F path=@privileged", want: Load{Rules: 1, Hashed: 1}},
		"an inode":                      {rules: "-a always,exit -F inode=7", want: Load{Rules: 1, Hashed: 1}},
		"any inode but one":             {rules: "-a always,exit -F inode!=7 -F uid=0", want: Load{Rules: 1, Linear: 1, Nanoseconds: 17}},
		"a directory":                   {rules: "-w /etc/ -p wa", want: Load{Rules: 1, Linear: 1, Nanoseconds: 9}},
		"a directory that the host has": {target: Target{Files: tree{"/x": aDirectory}}, rules: "-w /x", want: Load{Rules: 1, Linear: 1, Nanoseconds: 9}},
		"another call":                  {rules: "-a always,exit -F arch=b64 -S bind", want: Load{Rules: 1, Linear: 1, Nanoseconds: 1}},
		"the call, another auid":        {rules: "-a always,exit -F arch=b64 -S getppid -F auid=7", want: Load{Rules: 1, Linear: 1, Nanoseconds: 24}},
		"every call, another program":   {rules: "-a always,exit -F exe=/bin/x", want: Load{Rules: 1, Linear: 1, Nanoseconds: 44}},
		"every 32-bit call":             {rules: "-a always,exit -F arch=b32 -S all", want: Load{Rules: 1, Linear: 1, Nanoseconds: 9}},
		"a match ends the walk":         {rules: "-a never,exit -F arch=b64 -S all\n" + strings.Repeat("-a always,exit -F arch=b64 -S getppid -F auid=7\n", 9), want: Load{Rules: 10, Linear: 10, Nanoseconds: 9}},
		"lists that calls do not walk":  {rules: "-a task,never\n-a exclude,always -F msgtype=CWD", want: Load{Rules: 2}},
		"what the machine cannot have":  {target: Target{Machine: "riscv64"}, rules: "-a always,exit -F arch=b32 -S bind", want: Load{Rules: 1}},
		"two architectures in a line":   {rules: "-a always,exit -F arch=b64 -F arch=b32 -S bind", want: Load{Rules: 2, Linear: 2, Nanoseconds: 3}},
	} {
		file, _ := rule.Parse(test.rules)
		if got := test.target.Cost(file.Rules).Load; got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestCostOfWhatNodesMakeOfTheRules(t *testing.T) {
	file, _ := rule.Parse(`-w /etc/ -p wa -k config
-w /etc/passwd -p wa -k config
-a always,exit -F arch=b64 -S bind -k net
-a always,exit -F arch=b64 -S listen -k net
-a always,exit -F arch=b64 -S listen -k net`)
	c := Target{}.Cost(file.Rules)
	want := "5 rules, 4 walked by every system call and 1 found by file: about 14 ns for each system call; nodes make 3 of them, 2 walked: about 3 ns"
	if c.Optimised == nil || c.String() != want {
		t.Errorf("%s, want %s", c, want)
	}
	if file, _ = rule.Parse("-w /etc/passwd -p wa"); strings.Contains(Target{}.Cost(file.Rules).String(), "nodes make") {
		t.Error("a rule that stays as it is has two costs")
	}
}

func TestManyRulesAreNotComparedWithEachOther(t *testing.T) {
	var text strings.Builder
	for i := range mostCompared {
		fmt.Fprintf(&text, "-w /a/%d -p wa -k a\n", i)
	}
	text.WriteString("-w /a/0 -p wa -k a\n-w /a/1 -p w -k b\n")
	file, _ := rule.Parse(text.String())
	if got := Rules(file.Rules, ""); len(got) != 1 || got[0].Check != duplicate || got[0].Other != 1 {
		t.Errorf("got %v", got)
	}
	if c := (Target{}).Cost(file.Rules); c.Optimised != nil {
		t.Errorf("cost %s", c)
	}
}

func TestALongListCostsMoreForEachRule(t *testing.T) {
	of := func(n int) Cost {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "-a always,exit -F arch=b64 -S bind -F a0=%d\n", i)
		}
		file, _ := rule.Parse(text.String())
		return Target{}.Cost(file.Rules)
	}
	if got := []int{of(50).Nanoseconds, of(125).Nanoseconds, of(200).Nanoseconds, of(400).Nanoseconds}; fmt.Sprint(got) != "[70 400 1000 2000]" {
		t.Errorf("got %v", got)
	}
}
