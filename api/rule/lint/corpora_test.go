package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// The rule sets of ../testdata/corpora are what people use: how many findings of each check they have, and what they cost, may change only
// when somebody looks.
func TestCorporaHaveTheFindingsThatTheyHad(t *testing.T) {
	const golden = "testdata/corpora.txt"
	files, err := filepath.Glob("../testdata/corpora/*.rules")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	var got strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(counted(filepath.Base(name), string(text)))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s, -update writes it (-want +got):\n%s", golden, diff)
	}
}

// counted is the row of one rule set.
func counted(name, text string) string {
	file, problems := rule.Parse(text)
	count := map[string]int{}
	for _, p := range append(problems, Rules(file.Rules, "")...) {
		count[CheckOf(p)]++
	}
	row := fmt.Sprintf("%s\n    %s\n", name, Target{}.Cost(file.Rules))
	for _, c := range Checks() {
		if count[c.ID] > 0 {
			row += fmt.Sprintf("    %4d %s\n", count[c.ID], c.ID)
		}
	}
	return row
}

func FuzzRules(f *testing.F) {
	f.Add("-a always,exit -F arch=b64 -S openat -F auid>=1000\n-A never,exit -S all\n-w /etc -p wa", "x86_64", "5.10")
	f.Add("-a exclude,always -F msgtype>0\n-a always,io_uring -S openat -F exe=/a\n-a task,never", "riscv64", "6.")
	f.Fuzz(func(t *testing.T, text, machine, kernel string) {
		file, _ := rule.Parse(text)
		for _, target := range []Target{{}, {Machine: machine, Kernel: kernel, Files: tree{"/a": "/b", "/etc": aDirectory}}} {
			last := 0
			for _, p := range target.Rules(file.Rules) {
				if p.Line < last || p.Line < 1 || rank(p.Check) == len(checks) {
					t.Errorf("%+v behind line %d", p, last)
				}
				last = p.Line
			}
			if c := target.Cost(file.Rules); c.Linear+c.Hashed > c.Rules || c.Nanoseconds < 0 {
				t.Errorf("cost %+v", c)
			}
		}
	})
}
