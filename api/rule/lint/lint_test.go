package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// found is what lint says of rules that parse, as "line check".
func found(t *testing.T, target Target, lines ...string) []string {
	t.Helper()
	file, problems := rule.Parse(strings.Join(lines, "\n"))
	for _, p := range problems {
		if p.Severity == rule.Error {
			t.Fatal(p)
		}
	}
	got := []string{}
	for _, p := range target.Rules(file.Rules) {
		if p.Message == "" || p.Column != 1 || p.Severity != checks[rank(p.Check)].Severity {
			t.Errorf("%+v lacks something", p)
		}
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Check))
	}
	return got
}

// keyed are rules that nothing is to be said about, but for what the row adds.
const (
	both = "-a always,exit -F arch=b64 -S connect -k net\n-a always,exit -F arch=b32 -S connect -k net"
	pass = "-w /etc/passwd -p wa -k identity"
)

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		target Target
		rules  string
		want   []string
	}{
		"rules that are well":            {rules: both + "\n" + pass},
		"no rules":                       {},
		"a never for everything is last": {rules: pass + "\n-a never,exit -S all"},
		"a never for everything is put first": {
			rules: pass + "\n-A never,exit -S all", want: []string{"1 dead-rule", "2 silences-all"},
		},
		"a never for everything is put first, and then another": {rules: "-A never,exit -S all\n-A always,exit -F path=/a -k a", want: nil},
		"a never for one architecture":                          {rules: "-a never,exit -F arch=b64 -S all\n" + pass, want: []string{"1 silences-all"}},
		"a never for some calls":                                {rules: "-a never,exit -F arch=b64 -S connect\n" + pass},
		"a never with a condition":                              {rules: "-a never,exit -S all -F uid=0\n" + pass},
		"a never without a rule behind it that records":         {rules: pass + "\n-a never,exit -S all\n-a never,exit -F uid=0", want: []string{"3 redundant"}},
		"no task is audited":                                    {rules: "-a never,task", want: []string{"1 silences-all"}},
		"some tasks are not audited":                            {rules: "-a task,never -F uid=0"},
		"all records are excluded":                              {rules: "-a exclude,never -F msgtype>=1300", want: []string{"1 silences-all"}},
		"all records but one that no call has":                  {rules: "-a exclude,always -F msgtype!=1400", want: []string{"1 silences-all"}},
		"one record is excluded":                                {rules: "-a exclude,always -F msgtype=CWD"},
		"records above those of calls are excluded":             {rules: "-a exclude,always -F msgtype>1399"},
		"all records of one user are excluded":                  {rules: "-a exclude,always -F msgtype>0 -F uid=7"},
		"every call":                                            {rules: "-a always,exit -S all -F auid!=7 -k x", want: []string{"1 hot-rule"}},
		"every call that fails":                                 {rules: "-a always,exit -S all -F success=0 -k x"},
		"every call with an error":                              {rules: "-a always,exit -S all -F exit=-EPERM -k x"},
		"every 32-bit call, which there should be none of":      {rules: "-a always,exit -F arch=b32 -S all -k x"},
		"every call of who logged in":                           {rules: "-a always,exit -F auid!=unset -S all -k x", want: []string{"1 auid-unset-in-containers"}},
		"frequent calls that succeed":                           {rules: "-a always,exit -F arch=b32 -S open,read -F success=1 -k x", want: []string{"1 hot-rule"}},
		"frequent calls below a directory":                      {rules: "-a always,exit -F arch=b32 -S open -F dir=/etc -k x"},
		"frequent calls that are never recorded":                {rules: "-a never,exit -F arch=b32 -S open,read"},
		"every access":                                          {rules: "-a always,exit -F perm=r -k x", want: []string{"1 hot-rule"}},
		"a twin with another key":                               {rules: "-a always,exit -F arch=b64 -S bind -k a\n-a always,exit -F arch=b32 -S bind -k b"},
		"a twin with other conditions":                          {rules: "-a always,exit -F arch=b64 -S bind -F uid=0 -k a\n-a always,exit -F arch=b32 -S bind -F uid=1 -k a", want: []string{"1 missing-b32"}},
		"a twin with the conditions in another order":           {rules: "-a always,exit -F arch=b64 -S bind -F uid=0 -F gid=0 -k a\n-a always,exit -F arch=b32 -S bind -F gid=0 -F uid=0 -k a"},
		"a twin that lacks a call":                              {rules: "-a always,exit -F arch=b64 -S bind,listen -k a\n-a always,exit -F arch=b32 -S bind -k a", want: []string{"1 missing-b32"}},
		"twins that have the calls together":                    {rules: "-a always,exit -F arch=b64 -S bind,listen -k a\n-a always,exit -F arch=b32 -S bind -k a\n-a always,exit -F arch=b32 -S listen -k a"},
		"a call that 32-bit programs do not have":               {rules: "-a always,exit -F arch=b64 -S accept -F uid=0 -k a"},
		"all calls of 32-bit programs are recorded":             {rules: "-a always,exit -F arch=b64 -S bind -k a\n-a always,exit -F arch=b32 -S all -k b"},
		"a never needs no twin":                                 {rules: "-a never,exit -F arch=b64 -S bind"},
		"a machine without 32-bit programs":                     {target: Target{Machine: "riscv64"}, rules: "-a always,exit -F arch=b64 -S bind -k a"},
		"a twin on another machine":                             {target: Target{Machine: "aarch64"}, rules: both},
		"two architectures in one line":                         {rules: "-a always,exit -F arch=b64 -F arch=b32 -S bind -k a"},
		"an auid that one has":                                  {rules: "-a always,exit -F path=/a -F auid=1000 -k a", want: []string{"1 auid-unset-in-containers"}},
		"an auid that is unset":                                 {rules: "-a always,exit -F path=/a -F auid=unset -k a"},
		"an auid that is not one":                               {rules: "-a always,exit -F path=/a -F auid!=0 -k a"},
		"an auid from a number on":                              {rules: "-a always,exit -F path=/a -F auid>=1000 -k a", want: []string{"1 auid-takes-unset"}},
		"an auid from a number on, and set":                     {rules: "-a always,exit -F path=/a -F auid>=1000 -F auid!=-1 -k a", want: []string{"1 auid-unset-in-containers"}},
		"a session":                                             {rules: "-a always,exit -F path=/a -F sessionid!=unset -k a", want: []string{"1 auid-unset-in-containers"}},
		"a never for who logged in":                             {rules: "-a never,exit -F path=/a -F auid!=unset"},
		"one program":                                           {rules: "-a never,exit -S all -F exe=/bin/true", want: []string{"1 exe-across-images"}},
		"no key":                                                {rules: "-w /etc/passwd -p wa", want: []string{"1 no-key"}},
		"no key where none is needed":                           {rules: "-a never,exit -F path=/a\n-a exclude,always -F msgtype=CWD\n-a always,user -F uid=0"},
		"a rule twice":                                          {rules: pass + "\n-w /etc/passwd -p aw -k identity", want: []string{"2 duplicate"}},
		"a rule three times":                                    {rules: pass + "\n" + pass + "\n" + pass, want: []string{"2 duplicate", "3 duplicate"}},
		"a rule twice, with its fields in another order": {
			rules: "-a always,exit -F path=/a -F uid=0 -F gid=7 -k a\n-a always,exit -F path=/a -F gid=7 -F uid=0 -k a", want: []string{"2 duplicate"},
		},
		"a rule that an earlier one covers":                {rules: both + "\n-a always,exit -F arch=b64 -S connect -F auid>=7 -k net", want: []string{"3 redundant"}},
		"a rule that an earlier one covers by another key": {rules: "-w /etc -p wa -k a\n-w /etc -p w -k b", want: []string{"2 shadowed"}},
		"a rule without key that an earlier one covers":    {rules: "-w /etc -p wa -k a\n-w /etc -p w", want: []string{"2 shadowed", "2 no-key"}},
		"a rule that is put before the one that covers it": {rules: "-w /etc -p wa -k a\n-A always,exit -F dir=/etc -F perm=w -k b"},
		"a rule put first that covers one":                 {rules: "-w /etc -p w -k a\n-A always,exit -F dir=/etc -F perm=wa -k b", want: []string{"1 shadowed"}},
		"a never that comes too late":                      {rules: both + "\n-a never,exit -F arch=b64 -S connect -F uid=7", want: []string{"3 dead-rule"}},
		"a rule behind a broader never":                    {rules: "-a never,exit -F arch=b64 -S connect\n" + both, want: []string{"2 dead-rule"}},
		"conditions that contradict each other":            {rules: "-a always,exit -F path=/a -F uid=1 -F uid=2 -k a", want: []string{"1 dead-rule"}},
		"path= of what is likely a directory":              {rules: "-a always,exit -F path=/etc/x.d -F perm=w -k a\n-a always,exit -F path=/etc/y -F perm=w -k a\n-w /etc/y/z -p w -k a", want: []string{"1 watch-should-be-dir", "2 watch-should-be-dir"}},
		"-w of what is likely a directory":                 {rules: "-w /etc/x.d -p w -k a"},
		"a call that the machine lacks":                    {target: Target{Machine: "aarch64"}, rules: "-a always,exit -F arch=b64 -S unlink -F uid=0 -k a", want: []string{"1 unknown-to-kernel"}},
		"a call that some machine has":                     {rules: "-a always,exit -F arch=b64 -S riscv_hwprobe -F uid=0 -k a"},
		"an architecture that the machine lacks":           {target: Target{Machine: "riscv64"}, rules: "-a always,exit -F arch=b32 -S bind -k a", want: []string{"1 unknown-to-kernel"}},
		"a list that the kernel lacks":                     {target: Target{Kernel: "5.15.0"}, rules: "-a always,io_uring -S openat -k a", want: []string{"1 unknown-to-kernel"}},
		"a list that the kernel has":                       {target: Target{Kernel: "5.16"}, rules: "-a always,io_uring -S openat -k a"},
		"a call that is as old as the kernel":              {target: Target{Kernel: "5.6"}, rules: "-a always,exit -F arch=b32 -S openat2 -F uid=0 -k a"},
		"a user that is nowhere":                           {target: Target{Machine: "x86_64"}, rules: "-a always,exit -F path=/a -F uid=nobody-at-all -k a"},
		"a file that is not there":                         {target: Target{Files: tree{}}, rules: pass, want: []string{"1 missing-path"}},
		"a directory that is not there":                    {target: Target{Files: tree{}}, rules: "-a always,exit -F dir=/x -k a", want: []string{"1 missing-path"}},
		"a placeholder": {
			target: Target{Machine: "x86_64", Files: tree{}}, rules: "-a always,exit -F arch=b64 -F path=@privileged -F perm=x -k a\n-a always,exit -F path=@privileged -F auid!=unset -k a",
			want: []string{"1 missing-b32", "2 auid-unset-in-containers"},
		},
		"dir= of a file":              {target: Target{Files: tree{"/x": aFile}}, rules: "-a always,exit -F dir=/x -k a", want: []string{"1 watch-should-be-dir"}},
		"-w of a directory":           {target: Target{Files: tree{"/x": aDirectory}}, rules: "-w /x -p w -k a"},
		"-w of a link to a directory": {target: Target{Files: tree{"/x": "/y", "/y": aDirectory}}, rules: "-w /x -p w -k a", want: []string{"1 symlink-watch"}},
		"exe= of a link":              {target: Target{Files: tree{"/x": "/y", "/y": aFile}}, rules: "-a never,exit -S all -F exe=/x", want: []string{"1 symlink-watch", "1 exe-across-images"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(append([]string{}, test.want...), found(t, test.target, test.rules)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRulesKnowsTheMachineOnly(t *testing.T) {
	file, _ := rule.Parse("-a always,exit -F arch=b64 -S unlink -F uid=0 -k a")
	if got := Rules(file.Rules, "aarch64"); len(got) != 1 || got[0].Check != unknownToKernel {
		t.Errorf("got %v", got)
	}
}

func TestWhatOnlyTheParserSaysHasAName(t *testing.T) {
	for line, want := range map[string]string{
		"-w x": syntax, "-w /x -k " + strings.Repeat("k", 257): keyTooLong, "-w /x # y": notation, "-a always,exit -S bind": withoutArch,
	} {
		if _, problems := rule.Parse(line); len(problems) != 1 || CheckOf(problems[0]) != want {
			t.Errorf("%s: %v", line, problems)
		}
	}
}

func TestEachCheckIsDescribedAndHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Checks() {
		if seen[c.ID] || c.ID == "" || c.Title == "" || !strings.HasSuffix(c.Help, ".") || strings.HasSuffix(c.Title, ".") {
			t.Errorf("check %+v", c)
		}
		seen[c.ID] = true
	}
	for id, want := range map[string]bool{duplicate: true, noKey: true, cost: true, withoutArch: true, syntax: false, keyTooLong: false, notation: false, "x": false} {
		if Skippable(id) != want {
			t.Errorf("check %s may be left out: %t", id, !want)
		}
	}
}
