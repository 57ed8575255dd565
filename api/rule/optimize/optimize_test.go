package optimize

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/ruletest"
)

func TestRules(t *testing.T) {
	for name, test := range map[string]struct {
		in, out  []string
		findings []Finding
	}{
		"calls of rules that are else the same": {
			in:  []string{"-a always,exit -F arch=b64 -S chmod -k p", "-w /f -p w", "-a always,exit -F arch=b64 -S chown,fchown -k p"},
			out: []string{"-w /f -p w", "-a always,exit -F arch=b64 -S chmod,chown,fchown -F key=p"}, // chown is truncate in a program of 32 bits
		},
		"permissions of one watch": {
			in:  []string{"-w /f -p w -k a", "-w /g -p w -k a", "-w /f -p x -k a"},
			out: []string{"-w /f -p wx -k a", "-w /g -p w -k a"},
		},
		"other keys, and other conditions": {
			in:  []string{"-a always,exit -F arch=b64 -S bind -k a", "-a always,exit -F arch=b64 -S connect -k b", "-a always,exit -F arch=b32 -S bind -k a"},
			out: []string{"-a always,exit -F arch=b64 -S bind -F key=a", "-a always,exit -F arch=b64 -S connect -F key=b", "-a always,exit -F arch=b32 -S bind -F key=a"},
		},
		"a rule in between gives the event another key": {
			in:       []string{"-a always,exit -S 1 -F uid=0 -k a", "-a always,exit -S 2 -S 1 -k b", "-a always,exit -S 2 -F uid=0 -k a"},
			out:      []string{"-a always,exit -S 1 -F uid=0 -F key=a", "-a always,exit -S 1,2 -F key=b", "-a always,exit -S 2 -F uid=0 -F key=a"},
			findings: []Finding{{KeyHidden, 2, 1}},
		},
		"a rule in between that is in the way of one of the two": {
			in:  []string{"-a always,exit -S 1 -F uid=0 -k a", "-a always,exit -S 2 -F euid=0 -k b", "-a always,exit -S 2 -F uid=0 -k a"},
			out: []string{"-a always,exit -S 2 -F euid=0 -F key=b", "-a always,exit -S 1,2 -F uid=0 -F key=a"},
		},
		"a rule in between that never meets them": {
			in:  []string{"-a always,exit -S 1 -F uid=0 -k a", "-a never,exit -S 1 -S 2 -F uid>=1000", "-a always,exit -S 2 -F uid=0 -k a"},
			out: []string{"-a never,exit -S 1,2 -F uid>=1000", "-a always,exit -S 1,2 -F uid=0 -F key=a"},
		},
		"one file may have two paths": {
			in:  []string{"-w /a -p w -k a", "-w /b -p wx -k b", "-w /a -p x -k a"},
			out: []string{"-w /a -p w -k a", "-w /b -p wx -k b", "-w /a -p x -k a"},
		},
		"one call may touch two files": {
			in:  []string{"-w /a -p w -k a", "-a always,exit -S unlink,chmod -F uid=0 -k a", "-w /a -p a -k a"},
			out: []string{"-w /a -p w -k a", "-a always,exit -S 87,90 -F uid=0 -F key=a", "-w /a -p a -k a"},
		},
		"duplicates": {
			in:       []string{"-w /a -p w -k a", "-w /a -p w -k a", "-a always,exit -S 1 -F uid=0 -F auid=5", "-a always,exit -S 1 -F auid=5 -F uid=0"},
			out:      []string{"-w /a -p w -k a", "-a always,exit -S 1 -F uid=0 -F auid=5"},
			findings: []Finding{{Duplicate, 1, 0}, {Duplicate, 3, 2}},
		},
		"what is covered": {
			in: []string{
				"-a always,exit -S 1 -S 2 -F auid>=1000 -k a", "-a always,exit -S 1 -F auid>=1000 -F auid!=unset -F uid=0 -k a",
				"-a always,exit -S 2 -F auid=2000 -k b", "-a never,exit -S 2 -F auid>1500", "-a always,exit -S 2 -F auid>=500 -k a",
			},
			out: []string{
				"-a always,exit -S 1,2 -F auid>=1000 -F key=a", "-a always,exit -S 2 -F auid=2000 -F key=b", "-a never,exit -S 2 -F auid>1500",
				"-a always,exit -S 2 -F auid>=500 -F key=a",
			},
			findings: []Finding{{Redundant, 1, 0}, {KeyHidden, 2, 0}, {Dead, 3, 0}},
		},
		"what is covered by two rules together": {
			in:       []string{"-a always,exit -S 1 -k a", "-a always,exit -S 2 -k a", "-a always,exit -S 1,2 -F uid=0 -k a"},
			out:      []string{"-a always,exit -S 1,2 -F key=a"},
			findings: []Finding{{Redundant, 2, 0}},
		},
		"a directory does not cover what is in it": {
			in:  []string{"-a always,exit -F dir=/etc -F perm=w -k a", "-w /etc/passwd -p w -k a"},
			out: []string{"-w /etc -p w -k a", "-w /etc/passwd -p w -k a"},
		},
		"rules that contradict themselves": {
			in:       []string{"-a always,exit -S 1 -F uid=0 -F uid=1", "-a always,exit -F arch=b64 -S getppid -F path=/f -F perm=w"},
			out:      []string{"-a always,exit -S 1 -F uid=0 -F uid=1", "-a always,exit -F path=/f -F arch=b64 -S getppid -F perm=w"},
			findings: []Finding{{Dead, 0, -1}, {Dead, 1, -1}},
		},
		"a group is one of several": {
			in: []string{"-a always,exit -S 1 -F gid=1 -k a", "-a always,exit -S 2 -S 1 -F gid=2 -k b", "-a always,exit -S 2 -F gid=1 -k a", "-a always,exit -S 1 -F gid=2 -k c"},
			out: []string{
				"-a always,exit -S 1 -F gid=1 -F key=a", "-a always,exit -S 1,2 -F gid=2 -F key=b", "-a always,exit -S 2 -F gid=1 -F key=a", "-a always,exit -S 1 -F gid=2 -F key=c",
			},
			findings: []Finding{{KeyHidden, 3, 1}},
		},
		"cheap fields first": {
			in:  []string{"-a always,exit -F arch=b64 -S execve -F exe=/bin/x -F success=1 -F auid>=1000 -F key=k -F obj_uid=0 -F uid=0"},
			out: []string{"-a always,exit -F auid>=1000 -F uid=0 -F arch=b64 -S execve -F success=1 -F obj_uid=0 -F exe=/bin/x -F key=k"},
		},
		"a foreign architecture first, and a path before it": {
			in:  []string{"-a always,exit -F arch=b32 -S bind -F auid=5", "-a always,exit -F arch=b32 -F auid=5 -F perm=x -F path=/bin/su"},
			out: []string{"-a always,exit -F arch=b32 -S bind -F auid=5", "-a always,exit -F path=/bin/su -F arch=b32 -S all -F auid=5 -F perm=x"},
		},
		"a never rule that meets nothing before it": {
			in:  []string{"-a always,exit -S 1 -k a", "-a never,exit -S 2 -S 1", "-a never,exit -S 3 -F uid=0"},
			out: []string{"-a never,exit -S 3 -F uid=0", "-a always,exit -S 1 -F key=a", "-a never,exit -S 1,2"},
		},
		"other lists": {
			in:  []string{"-a never,exclude -F msgtype=CWD", "-a always,exclude -F msgtype=CWD", "-a never,task", "-a always,user -F uid=0", "-a never,user -F uid=0 -F pid=1"},
			out: []string{"-a never,exclude -F msgtype=CWD", "-a always,exclude -F msgtype=CWD", "-a never,task", "-a always,user -F uid=0", "-a never,user -F uid=0 -F pid=1"},
		},
		"files of io_uring rules are files of all": {
			in:  []string{"-a always,exit -S 1 -F path=/f -k a", "-a always,io_uring -S openat -F path=/f -k u", "-a always,exit -S 2 -F path=/f -k a"},
			out: []string{"-a always,exit -S 1 -F path=/f -F key=a", "-a always,io_uring -S openat -F path=/f -F key=u", "-a always,exit -S 2 -F path=/f -F key=a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			result := optimized(wires(t, ruletest.X8664, test.in), ruletest.X8664)
			if got := texts(t, result); !slices.Equal(got, test.out) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.out, "\n\t"))
			}
			if !slices.Equal(result.Findings, test.findings) {
				t.Errorf("findings %v, want %v", result.Findings, test.findings)
			}
		})
	}
}

func texts(t *testing.T, result Result) []string {
	t.Helper()
	var all []string
	for _, o := range result.Rules {
		r, err := rule.Decode(Plain(o.Wire, ruletest.X8664.Name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.String())
	}
	return all
}

func TestAWatchIsLookedAtInFewCalls(t *testing.T) {
	w := wires(t, ruletest.X8664, []string{"-w /etc -p wa -k a"})[0]
	out := optimized([]rule.Wire{w}, ruletest.X8664).Rules[0].Wire
	p, err := out.Open()
	if err != nil || p.Mask == rule.AllCalls() {
		t.Fatalf("the mask is still full (%v)", err)
	}
	for arch, calls := range map[string]map[string]bool{
		"b64": {"openat": true, "rename": true, "chmod": true, "getppid": false, "execve": false},
		"b32": {"open": true, "socketcall": true, "getppid": false},
	} {
		for call, want := range calls {
			if n, _ := ruletest.X8664.Number(arch, call); rule.Calls(p.Mask).Has(n) != want {
				t.Errorf("%s of %s: %v", call, arch, !want)
			}
		}
	}
	if Plain(out, ruletest.X8664.Name) != w {
		t.Error("what people read is not what they wrote")
	}
	if got := Rules([]Rule{{Wire: w}}, "m68k").Rules[0].Wire; got != w {
		t.Error("a watch was narrowed for a machine whose calls are not known")
	}
}

func TestRulesThatStayAsWritten(t *testing.T) {
	in := []Rule{}
	for _, w := range wires(t, ruletest.X8664, []string{"-w /etc -p w -k a", "-w /etc -p a -k a", "-a always,exit -S 1 -F exe=/x -F uid=0", "-a always,exit -S 1 -F exe=/x -F uid=0 -F pid=1"}) {
		in = append(in, Rule{Wire: w, AsWritten: true})
	}
	result := Rules(in, ruletest.X8664.Name)
	for n, o := range result.Rules {
		if o.Wire != in[n].Wire {
			t.Errorf("rule %d was changed", n)
		}
	}
	if len(result.Rules) != len(in) || !slices.Equal(result.Findings, []Finding{{Redundant, 3, 2}}) {
		t.Errorf("%d rules, findings %v", len(result.Rules), result.Findings)
	}
}

func TestNothingDependsOnARuleThatMayNotLoad(t *testing.T) {
	w := wires(t, ruletest.X8664, []string{"-a always,exit -S 1 -k a", "-a always,exit -S 1 -F uid=0 -k a"})
	if got := Rules([]Rule{{Wire: w[0], Unsure: true}, {Wire: w[1]}}, ruletest.X8664.Name); len(got.Rules) != 2 || got.Findings != nil {
		t.Errorf("%+v", got)
	}
	if got := Rules([]Rule{{Wire: w[0]}, {Wire: w[1], AsWritten: true}}, ruletest.X8664.Name); len(got.Rules) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestNothingPassesARuleThatCannotBeOpened(t *testing.T) {
	w := wires(t, ruletest.X8664, []string{"-a always,exit -S 1 -k a", "-a always,exit -S 2 -k a"})
	got := Rules([]Rule{{Wire: w[0]}, {Wire: "?"}, {Wire: w[1]}}, ruletest.X8664.Name)
	if len(got.Rules) != 3 || got.Rules[1].Wire != "?" {
		t.Errorf("%+v", got)
	}
}

func BenchmarkRules(b *testing.B) {
	for _, name := range []string{"lockdown-rhel9-stig", "neo23x0", "all together"} {
		b.Run(name, func(b *testing.B) {
			var in []Rule
			for _, w := range wires(b, ruletest.X8664, realSets(b)[name]) {
				in = append(in, Rule{Wire: w})
			}
			b.ReportAllocs()
			for b.Loop() {
				Rules(in, ruletest.X8664.Name)
			}
		})
	}
}
