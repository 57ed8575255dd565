package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	actionFix = "write an action (always, never) and a list (exit, user, exclude, task, filesystem, io_uring), for example always,exit"
	oneFix    = "write one number of 32 bits"
	idFix     = "write one number or one name; for several, write several -F or several rules"
	optionFix = "use -a, -A, -w, -p, -k, -S, -F or -C"
)

// wrong is an error on the first line.
func wrong(column int, message, fix string) []Problem {
	return []Problem{{Severity: Error, Line: 1, Column: column, Message: message, Fix: fix}}
}

// doubtful is a warning on the first line.
func doubtful(column int, message string) []Problem {
	return []Problem{{Severity: Warning, Line: 1, Column: column, Message: message}}
}

// named gives the problems the name of a check.
func named(check string, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Check = check
	}
	return problems
}

// row is a text, the rules that it gives in canonical form, and what there is to say about it.
type row struct {
	name, text string
	rules      []string
	problems   []Problem
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		file, problems := Parse(r.text)
		var rules []string
		for _, parsed := range file.Rules {
			rules = append(rules, parsed.String())
		}
		if diff := cmp.Diff(r.rules, rules); diff != "" {
			t.Errorf("%s: rules of %q (-want +got):\n%s", r.name, r.text, diff)
		}
		if diff := cmp.Diff(r.problems, problems); diff != "" {
			t.Errorf("%s: problems of %q (-want +got):\n%s", r.name, r.text, diff)
		}
	}
}

func TestWrongOptionsAreErrors(t *testing.T) {
	check(t, []row{
		{"a word alone", "x", nil, wrong(1, `word "x" belongs to no option`, "remove it, or put the option that it belongs to before it")},
		{"a word behind a value", "-w /etc -k x y", nil, wrong(14, `word "y" belongs to no option`, "remove it, or put the option that it belongs to before it")},
		{"an option that auditctl does not have", "-Z a", nil, wrong(1, `unknown option "-Z"`, optionFix)},
		{"a command of auditctl that makes no rule", "-l", nil, wrong(1, `unknown option "-l"`, optionFix)},
		{"an option without its value", "-w /etc -p", nil, wrong(9, "option -p has no value", "write a value behind it")},
		{"two watches", "-w /etc -w /var", nil, wrong(12, "a line holds one rule", "write two lines, or -F path= with -a")},
		{"two actions", "-a always,exit -a never,exit", nil, wrong(19, "a line holds one rule", "write two lines")},
		{"permissions without a rule", "-p wa", nil, wrong(1, "-p stands before the rule that it belongs to", "put -w or -F path= first")},
		{"a key without a rule", "-k x", nil, wrong(1, "-k stands before the rule that it belongs to", "put -w or -a first")},
		{"a field before its rule", "-F uid=0 -a always,exit", nil, wrong(1, "-F stands before the rule that it belongs to", "put -w or -a first")},
		{"a comparison before its rule", "-C uid!=auid", nil, wrong(1, "-C stands before the rule that it belongs to", "put -w or -a first")},
		{"a system call before its rule", "-S open", nil, wrong(1, "-S stands before the rule that it belongs to", "put -a first")},
		{"an action without a list", "-a always", nil, wrong(4, `"always" is not an action and a list`, actionFix)},
		{"an unknown action", "-a sometimes,exit", nil, wrong(4, `"sometimes,exit" is not an action and a list`, actionFix)},
		{"an action that is gone", "-a exit,possible -S open", nil, wrong(4, `"exit,possible" is not an action and a list`,
			"the action possible is gone since Linux 2.6.17: write always or never")},
		{"a list that is gone", "-a always,entry -S open", nil, wrong(4, `"always,entry" is not an action and a list`,
			"the entry list is gone since Linux 2.6.38: write exit")},
	})
}

func TestWrongPathsAndPermissionsAreErrors(t *testing.T) {
	long := "/" + strings.Repeat("a/", maxPath/2)
	check(t, []row{
		{"a relative path", "  -w etc/passwd", nil, wrong(6, `path "etc/passwd" does not begin with /`, "write it from the root on, for example /etc/passwd")},
		{"a path that is too long", "-w " + long, nil, wrong(4, "path is longer than 4096 bytes", "")},
		{"a name that is too long", "-w /etc/" + strings.Repeat("a", maxName+1), nil, wrong(4, "last part of the path is longer than 255 bytes", "")},
		{"a path with a slash at its end", "-a always,exit -F path=/etc/", nil, wrong(24, `path "/etc/" ends with a slash, which the kernel refuses`,
			"leave the slash out, or write dir=")},
		{"a path compared otherwise", "-a always,exit -F path!=/etc", nil, wrong(25, "path takes = only", "write path=/etc")},
		{"a path and a directory", "-a always,exit -F path=/a -F dir=/b", nil, wrong(34, "a rule has one path or dir", "write a rule for each path")},
		{"permissions that do not exist", "-w /etc -p wq", nil, wrong(12, `"wq" is not a set of permissions`, "write one or more of r, w, x, a")},
		{"permissions compared otherwise", "-a always,exit -F perm!=wa", nil, wrong(19, "perm takes = only", "write perm=wa")},
		{"permissions on another list", "-a always,user -p wa", nil, wrong(19, "permissions belong on the exit list", "")},
		{"a system call of a watch", "-w /etc -S open", nil, wrong(9, "a watch (-w) takes no system calls", "write -a always,exit -F path=… -F perm=… -S …")},
	})
}

func TestWrongFieldsAreErrors(t *testing.T) {
	notField := "write it as name=value, without spaces"
	check(t, []row{
		{"a misspelt field", "-a always,exit -F uidd=0", nil, wrong(19, `unknown field "uidd"`, "did you mean uid?")},
		{"a field like no other", "-a always,exit -F frobnicate=0", nil, wrong(19, `unknown field "frobnicate"`, "see -F in auditctl(8) for the fields")},
		{"a field without a value", "-a always,exit -F uid=", nil, wrong(19, `"uid=" is not a field, an operator and a value`, notField)},
		{"spaces around the operator", "-a always,exit -F uid = 0", nil, wrong(19, `"uid" is not a field, an operator and a value`, notField)},
		{"an operator that the kernel refuses", "-a always,exit -F uid&0", nil, wrong(23, "the kernel does not compare uid in this way", "write =, !=, <, <=, > or >=")},
		{"an order of strings", "-a always,exit -F exe>/bin/x", nil, wrong(23, "the kernel does not compare exe in this way", "write = or !=")},
		{"a list of users", "-a always,exit -F uid=0,1", nil, wrong(23, `value "0,1" of uid is neither a number nor a name`,
			"all conditions of a rule must hold: write a rule for each, the first with -F uid=0")},
		{"a range of users", "-a always,exit -F auid=1000-2000", nil, wrong(24, `value "1000-2000" of auid is neither a number nor a name`,
			"for a range, write -F auid>=1000 -F auid<=2000")},
		{"a group that begins with a digit", "-a always,exit -F gid=1000x", nil, wrong(23, `value "1000x" of gid is neither a number nor a name`, idFix)},
		{"an unset user", "-a always,exit -F uid!=unset", nil, wrong(24, "the kernel refuses an unset uid", "only auid can be unset")},
		{"an error that does not exist", "-a always,exit -F exit=-EFOO", nil, wrong(24, `value "-EFOO" of exit is not known`,
			"write a number, or the name of an error such as -EACCES")},
		{"a word for a number", "-a always,exit -F saddr_fam=inet", nil, wrong(29, `value "inet" of saddr_fam is not known`, "write its number, 2")},
		{"a number of 64 bits", "-a always,exit -F a0=0xffffffffffffffff", nil, wrong(22, `value "0xffffffffffffffff" of a0 is not known`, oneFix)},
		{"a number with an underscore", "-a always,exit -F pid=1_000", nil, wrong(23, `value "1_000" of pid is not known`, oneFix)},
		{"a type of file in capitals", "-a always,exit -F filetype=FILE", nil, wrong(28, `value "FILE" of filetype is not known`,
			"write file, dir, socket, link, character, block or fifo")},
		{"a file system without a name", "-a always,exit -F fstype=ext4", nil, wrong(26, `value "ext4" of fstype is not known`,
			"write debugfs, tracefs, cgroup, cgroup2 or the magic number of the file system")},
		{"a record type that does not exist", "-a never,exclude -F msgtype=NONE", nil, wrong(29, `value "NONE" of msgtype is not known`,
			"write the name of a record type, for example PATH, or its number")},
		{"a record type on the exit list", "-a always,exit -F msgtype=CWD", nil, wrong(27, "msgtype belongs on the exclude and the user list",
			"use the exclude or the user list")},
		{"a field that the exclude list does not see", "-a always,exclude -F path=/x", nil, wrong(27, "the exclude list cannot look at path",
			"use msgtype, pid, uid, gid, auid, sessionid, exe or subj_*")},
		{"a key compared otherwise", "-a always,exit -F key!=x", nil, wrong(19, "a key takes = only", "write key=x")},
		{"keys that are too long", "-w /etc -k " + strings.Repeat("a", maxKey+1), nil, named("key-too-long", wrong(12, "the keys of a rule are longer than 256 bytes", "shorten it"))},
		{"a pair that the kernel does not compare", "-a always,exit -C uid=pid", nil, wrong(19, "the kernel does not compare uid with pid",
			"see -C in auditctl(8) for the pairs")},
		{"an order of two fields", "-a always,exit -C uid>gid", nil, wrong(19, `"uid>gid" is not a comparison`,
			"write two fields with = or != between them, for example auid!=uid")},
	})
}

func TestWrongArchitecturesAndSystemCallsAreErrors(t *testing.T) {
	const callFix = "write a number from 0 to 2031"
	check(t, []row{
		{"an unknown architecture", "-a always,exit -F arch=b65 -S open", nil, wrong(24, `unknown architecture "b65"`, "write b64, b32 or a machine such as x86_64")},
		{"an order of architectures", "-a always,exit -F arch>b64", nil, wrong(24, "arch takes = and != only", "write arch=b64 or arch=b32")},
		{"the architecture behind the system call", "-a always,exit -S open -F arch=b64", nil, wrong(32,
			"arch stands behind -S, whose numbers depend on it", "put -F arch= before the first -S")},
		{"an unknown system call", "-a always,exit -S openn", nil, wrong(19, `unknown system call "openn"`, "did you mean open?")},
		{"a number that the mask has no bit for", "-a always,exit -S 2048", nil, wrong(19, `"2048" is not the number of a system call`, callFix)},
		{"a number that means a class of calls", "-a always,exit -S 2032", nil, wrong(19, `"2032" is not the number of a system call`, callFix)},
		{"an unknown operation of io_uring", "-a always,io_uring -S foo", nil, wrong(23, `unknown system call "foo"`, "")},
		{"a system call on another list", "-a always,task -S open", nil, wrong(16, "the task list knows no system calls", "leave -S out")},
		{"a key for every system call", "-a always,exit -k x", nil, wrong(1, "a rule with nothing but a key would record every system call", "add -S, -F or -w")},
	})
}

func TestWrongControlLinesAreErrors(t *testing.T) {
	notNegative := "write a number that is not negative"
	check(t, []row{
		{"a lock", "-e 2", nil, wrong(4, "-e 2 would lock the audit system",
			"remove the line and set spec.kernel.immutable: true, which locks only when the rules are in")},
		{"an unknown value of -e", "-e 3", nil, wrong(4, "unknown value 3 of -e", "write 0 or 1")},
		{"an unknown failure mode", "-f 3", nil, wrong(4, "unknown failure mode 3", "write 0 (silent), 1 (printk) or 2 (panic)")},
		{"a word for a number", "-b x", nil, wrong(4, `-b takes a number, not "x"`, notNegative)},
		{"a negative number", "-r -1", nil, wrong(4, `-r takes a number, not "-1"`, notNegative)},
		{"no number", "-b", nil, wrong(3, `-b takes a number, not ""`, notNegative)},
		{"two numbers", "-b 1 2", nil, wrong(6, `word "2" belongs to no option`, "write it on a line of its own")},
	})
}

func TestWhatIsProbablyNotMeantIsAWarning(t *testing.T) {
	blank := "auditctl takes a tab or a no-break space for a part of the word; here it is a space"
	quotes := "auditctl keeps quotes as part of the word; here they only enclose it"
	native := "system calls without -F arch= get the numbers of the node's own architecture, which mean other calls in 32-bit programs"
	two := Problem{
		Severity: Note, Check: "two-architectures", Line: 1, Column: 36,
		Message: "each arch= gives a rule of its own; auditctl would make one rule that never matches",
	}
	check(t, []row{
		{"a comment behind a rule", "-w /etc -p wa # all", []string{"-w /etc -p wa"}, doubtful(15, "auditctl refuses a comment behind a rule; here it is left out")},
		{"a tab", "-w /etc\t-p wa", []string{"-w /etc -p wa"}, doubtful(8, blank)},
		{"a no-break space", "-w /etc -p wa -k \u00a0x", []string{"-w /etc -p wa -k x"}, doubtful(18, blank)},
		{"quotes around a path", `-w "/a b" -p wa`, []string{`-w /a\ b -p wa`}, doubtful(4, quotes)},
		{"quotes around a field", "-a always,exit -F 'auid>=500'", []string{"-a always,exit -S all -F auid>=500"}, doubtful(19, quotes)},
		{"lines joined by a backslash", "-w /etc \\\n-k x", []string{"-w /etc -p rwxa -k x"}, doubtful(1, "auditctl does not join lines; here a backslash at the end does")},
		{"permissions twice", "-w /etc -p wa -p r", []string{"-w /etc -p r"}, doubtful(18, "a second -p replaces the first")},
		{
			"a pattern in a path", "-w /home/*/.ssh",
			[]string{"-w /home/*/.ssh -p rwxa"},
			doubtful(4, "the kernel takes *, ? and [ in a path as they are: they stand for nothing else"),
		},
		{"a path that goes up", "-w /a/../b", []string{"-w /a/../b -p rwxa"}, doubtful(4, "the path goes up with ..: write where it leads")},
		{"system calls without an architecture", "-a always,exit -S open", []string{"-a always,exit -S open"}, named("syscall-without-arch", doubtful(1, native))},
		{
			"two architectures", "-a always,exit -F arch=b64 -F arch=b32 -S open",
			[]string{"-a always,exit -F arch=b64 -S open", "-a always,exit -F arch=b32 -S open"},
			[]Problem{two},
		},
		{"-D", "-D", nil, doubtful(1, "-D is left out: only rules that no policy declares any more are deleted, see spec.unmanagedRules")},
		{"-i", "-i", nil, doubtful(1, "-i is left out: a rule that a node refuses never keeps the others from loading")},
		{"-c", "-c", nil, doubtful(1, "-c is left out: a rule that a node refuses never keeps the others from loading")},
	})
}

func TestRulesArePrintedInOneForm(t *testing.T) {
	check(t, []row{
		{"the list before the action", "-a exit,always -F uid=0", []string{"-a always,exit -S all -F uid=0"}, nil},
		{"an option that touches its value", "-w/etc -pwa -kx", []string{"-w /etc -p wa -k x"}, nil},
		{"a watch without permissions", "-w /etc", []string{"-w /etc -p rwxa"}, nil},
		{"a watch with a slash at its end", "-w /etc/ -p aw", []string{"-w /etc -p wa"}, nil},
		{"a watch of the root", "-w / -p x", []string{"-w / -p x"}, nil},
		{"a watch with a field", "-w /etc -F uid=0 -k x", []string{"-w /etc -F perm=rwxa -F uid=0 -F key=x"}, nil},
		{"permissions of a rule with a path", "-a always,exit -F path=/x -p wa -k z", []string{"-a always,exit -S all -F path=/x -F perm=wa -F key=z"}, nil},
		{"several keys", "-w /etc -p w -k a -k b", []string{"-w /etc -p w -k a -k b"}, nil},
		{
			"system calls by name, by number and several times", "-a always,exit -F arch=b64 -S bind,0x2a -S 50",
			[]string{"-a always,exit -F arch=b64 -S bind,42,50"},
			nil,
		},
		{"an unset login", "-a always,exit -F auid!=unset -F auid!=4294967295", []string{"-a always,exit -S all -F auid!=-1 -F auid!=-1"}, nil},
		{"the other name of a field", "-a always,exit -F loginuid>=1000", []string{"-a always,exit -S all -F auid>=1000"}, nil},
		{"an error by its name", "-a always,exit -F arch=b64 -S openat -F exit=-EACCES", []string{"-a always,exit -F arch=b64 -S openat -F exit=-13"}, nil},
		{"an argument of a call", "-a always,exit -F arch=b64 -S personality -F a0!=8", []string{"-a always,exit -F arch=b64 -S personality -F a0!=0x8"}, nil},
		{"a record type by its number", "-a always,exclude -F msgtype=1307", []string{"-a always,exclude -F msgtype=CWD"}, nil},
		{"a comparison of two fields", "-a always,exit -C euid!=uid", []string{"-a always,exit -S all -C uid!=euid"}, nil},
		{"a rule for the beginning of the list", "-A never,exit -F path=/x", []string{"-A never,exit -S all -F path=/x"}, nil},
		{"an operation of io_uring", "-a always,io_uring -S openat", []string{"-a always,io_uring -S openat"}, nil},
		{"a file system", "-a never,filesystem -F fstype=0x74726163", []string{"-a never,filesystem -F fstype=tracefs"}, nil},
		{"a space and a backslash in a path", `-w /a\ b\\c -p r`, []string{`-w /a\ b\\c -p r`}, nil},
		{"a user and a group by name", "-a always,exit -F uid=lina -F gid=staff", []string{"-a always,exit -S all -F uid=lina -F gid=staff"}, nil},
	})
}

func TestWhatIsPrintedIsReadAsTheSameRule(t *testing.T) {
	for _, text := range []string{
		"-w /etc", "-w /etc -F uid=0 -k x -F gid=0", "-w /a\\ b\\\\ -p r -k a\\ b", "-a always,exit -F arch!=b32 -S bind -F a0&=0x3 -F key=a -k b",
		"-a always,exit -F uid=0 -F arch=b64 -S all", "-A never,user -F msgtype=1100", "-a never,task -F uid=lina", "-a always,exit -C obj_gid=egid -F success=0",
		"-a always,exit -F dir=/etc/ -F perm=x -F filetype=file -F exe!=/bin/true -F sessionid=unset -F pers=8 -F subj_type=x -F saddr_fam=2",
	} {
		first, problems := Parse(text)
		if len(first.Rules) != 1 {
			t.Errorf("%s: %d rules, %v", text, len(first.Rules), problems)
			continue
		}
		again, problems := Parse(first.Rules[0].String())
		if diff := cmp.Diff(first.Rules, again.Rules, cmp.AllowUnexported(Rule{}, field{}, fieldType{}, operand{}, syscallName{}, call{})); diff != "" {
			t.Errorf("%s is printed as %s, which is another rule (-want +got):\n%s%v", text, first.Rules[0], diff, problems)
		}
	}
}

func TestProblemsAndRulesKnowTheirLines(t *testing.T) {
	file, problems := Parse("# remark\r\n\r\n-b 8192\r\n-w /a -k \\\r\n  b\r\n-w x\r\n   # remark\r\n-w /c\r\n-F y")
	var at []int
	for _, r := range file.Rules {
		at = append(at, r.Line())
	}
	if want := []int{4, 8}; !slices.Equal(at, want) {
		t.Errorf("rules stand in lines %v, want %v", at, want)
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.String())
	}
	want := []string{
		"line 4, column 1: auditctl does not join lines; here a backslash at the end does",
		`line 6, column 4: path "x" does not begin with /: write it from the root on, for example /etc/passwd`,
		"line 9, column 1: -F stands before the rule that it belongs to: put -w or -a first",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestARuleHoldsAsManyFieldsAsAuditctlCanRead(t *testing.T) {
	fields := func(n int) string { return "-a always,exit" + strings.Repeat(" -F pid!=1", n) }
	if _, problems := Parse(fields(maxFields - 1)); len(problems) > 0 {
		t.Errorf("63 fields: %v", problems)
	}
	_, problems := Parse(fields(maxFields))
	if diff := cmp.Diff(wrong(14+64*10, "a rule holds at most 63 fields", "write several rules"), problems); diff != "" {
		t.Errorf("64 fields (-want +got):\n%s", diff)
	}
}

func TestControlLinesBecomeSettings(t *testing.T) {
	text := "-b8192\n-r 0\n-f 2\n-e 1\n--backlog_wait_time 60000\n--loginuid-immutable\n-b 0x10"
	file, problems := Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	number := func(n int64) *int64 { return &n }
	mode, enabled := 2, 1
	want := Settings{
		BacklogLimit: number(16), RateLimit: number(0), FailureMode: &mode, Enabled: &enabled, BacklogWaitTime: number(60000), LoginuidImmutable: true,
	}
	if diff := cmp.Diff(want, file.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func ExampleParse() {
	file, problems := Parse("-w /etc/shadow -p wa -k identity\n-a always,exit -F uidd=0")
	fmt.Println(file.Rules[0])
	fmt.Println(problems[0])
	// Output:
	// -w /etc/shadow -p wa -k identity
	// line 2, column 19: unknown field "uidd": did you mean uid?
}
