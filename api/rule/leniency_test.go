package rule

import "testing"

// TestWhatAuditctlMisreadsIsAnError has the lines that auditctl loads as something else without a word, or whose rest it drops.
func TestWhatAuditctlMisreadsIsAnError(t *testing.T) {
	const callFix = "write a number from 0 to 2031"
	check(t, []row{
		{"a list of users", "-a always,exit -S all -F auid=1000,1001", nil, wrong(31, `value "1000,1001" of auid is neither a number nor a name`,
			"all conditions of a rule must hold: write a rule for each, the first with -F auid=1000")},
		{"a range of users", "-a always,exit -S all -F auid=1000-2000", nil, wrong(31, `value "1000-2000" of auid is neither a number nor a name`,
			"for a range, write -F auid>=1000 -F auid<=2000")},
		{"a number with a letter behind it", "-a always,exit -S all -F pid=12x", nil, wrong(30, `value "12x" of pid is not known`, oneFix)},
		{"an octal number that is none", "-a always,exit -S all -F auid=089", nil, wrong(31, `value "089" of auid is neither a number nor a name`, idFix)},
		{
			"an id of 64 bits", "-a always,exit -S all -F auid=4294967296", nil,
			wrong(31, `value "4294967296" of auid is neither a number nor a name`, idFix),
		},
		{"an argument of 64 bits", "-a always,exit -S all -F a1=0x100000000", nil, wrong(29, `value "0x100000000" of a1 is not known`, oneFix)},
		{"a negative number below 32 bits", "-a always,exit -S all -F exit=-2147483649", nil, wrong(31, `value "-2147483649" of exit is not known`,
			"write a number, or the name of an error such as -EACCES")},
		{"a negative process", "-a always,exit -S all -F pid=-1", nil, wrong(30, `value "-1" of pid is not known`, "write a number that is not negative")},
		{"an address family by its name", "-a always,exit -S all -F saddr_fam=inet6", nil, wrong(36, `value "inet6" of saddr_fam is not known`,
			"write its number, 10")},
		{
			"an address family by the name of its constant", "-a always,exit -S all -F saddr_fam=AF_UNIX", nil,
			wrong(36, `value "AF_UNIX" of saddr_fam is not known`, "write its number, 1"),
		},
		{"an address family that does not exist", "-a always,exit -S all -F saddr_fam=46", nil, wrong(36, `value "46" of saddr_fam is not known`,
			"write the number of an address family, from 0 to 45")},
		{"a success in words", "-a always,exit -S all -F success=yes", nil, wrong(34, `value "yes" of success is not known`,
			"write 1 for calls that succeed, 0 for those that fail")},
		{"a session in words", "-a always,exit -S all -F sessionid=none", nil, wrong(36, `value "none" of sessionid is not known`, oneFix)},
		{"a type of file in capitals", "-a always,exit -S all -F filetype=DIR", nil, wrong(35, `value "DIR" of filetype is not known`,
			"write file, dir, socket, link, character, block or fifo")},
		{"a type of file that is more than a type", "-a always,exit -S all -F filetype=0777", nil, wrong(35, `value "0777" of filetype is not known`,
			"write file, dir, socket, link, character, block or fifo")},
		{"a system call that is not octal", "-a always,exit -F arch=b64 -S 059", nil, wrong(31, `"059" is not the number of a system call`, callFix)},
		{"the second of two system calls", "-a always,exit -F arch=b64 -S open,2047,close", nil, wrong(36, `"2047" is not the number of a system call`, callFix)},
		{"a name for a number", "-b 8k", nil, wrong(4, `-b takes a number, not "8k"`, "write a number that is not negative")},
		{"a number that Go would read", "-a always,exit -S all -F a0=0b11", nil, wrong(29, `value "0b11" of a0 is not known`, oneFix)},
	})
}

func TestWordsThatAreLeftOverAreErrorsWithTheLikelyFix(t *testing.T) {
	const removeIt = "remove it, or put the option that it belongs to before it"
	left := func(column int, word, fix string) []Problem {
		return wrong(column, `word "`+word+`" belongs to no option`, fix)
	}
	check(t, []row{
		{"a key without -F", "-a always,exit -F euid=0 key=execpriv", nil, left(26, "key=execpriv", "write -F key=execpriv")},
		{"a field without -F", "-a always,exit -S all auid>=1000 -k x", nil, left(23, "auid>=1000", "write -F auid>=1000")},
		{"a space between system calls", "-a always,exit -F arch=b64 -S open openat -k x", nil, left(36, "openat", "write a comma between two system calls")},
		{
			"a space in a path", "-w /Library/Application Support/x -p x -k K", nil,
			left(25, "Support/x", "if it is part of the path, write a backslash before the space"),
		},
		{"a space in a key", "-a always,exit -F a0=22 -k possible exploit", nil, left(37, "exploit", removeIt)},
		{"an option for a key", "-w /etc -k -F T1078_x", nil, left(15, "T1078_x", removeIt)},
		{"a dash of a word processor", "-w /etc –p wa", nil, left(9, "–p", "write a plain hyphen before the letter, -")},
		{"a rule behind a control option", "-i -w /etc", nil, append(doubtful(1, "-i is left out: a rule that a node refuses never keeps the others from loading"),
			wrong(4, `word "-w" belongs to no option`, "write it on a line of its own")...)},
		{"something behind -D", "-D all", nil, append(doubtful(1, "-D is left out: only rules that no policy declares any more are deleted, see spec.unmanagedRules"),
			wrong(4, `word "all" belongs to no option`, "write it on a line of its own")...)},
	})
}

func TestFieldsStandOnTheListsThatLookAtThem(t *testing.T) {
	check(t, []row{
		{"an exit code of a program's record", "-a always,user -F exit=1", nil, wrong(24, "the user list cannot look at exit", "use the exit list")},
		{"a parent of a new task", "-a never,task -F ppid=1", nil, wrong(23, "the task list cannot look at ppid", "use the exit list")},
		{"two fields of a new task", "-a never,task -C uid!=euid", nil, wrong(18, "the task list cannot look at field_compare", "use the exit list")},
		{"a file system of a system call", "-a always,exit -F fstype=tracefs", nil, wrong(26, "fstype belongs on the filesystem list", "use the filesystem list")},
		{"a user of a file system", "-a never,filesystem -F uid=0", nil, wrong(28, "the filesystem list cannot look at uid", "use fstype")},
		{"a key of a file system", "-a never,filesystem -F fstype=cgroup -k x", []string{"-a never,filesystem -F fstype=cgroup -F key=x"}, nil},
		{"permissions of io_uring", "-a always,io_uring -S openat -F perm=w", nil, wrong(38, "permissions belong on the exit list", "")},
		{"a result of io_uring", "-a always,io_uring -S openat -F exit=-13", []string{"-a always,io_uring -S openat -F exit=-13"}, nil},
		{"a session of a program's record", "-a always,user -F sessionid=3", []string{"-a always,user -F sessionid=3"}, nil},
	})
}

func TestBothSpellingsAreRead(t *testing.T) {
	check(t, []row{
		{"a system call as auditctl and as the kernel call it", "-a always,exit -F arch=b64 -S pwrite,pwrite64", []string{"-a always,exit -F arch=b64 -S pwrite,pwrite64"}, nil},
		{"an operation of io_uring as auditctl 3 calls it", "-a always,io_uring -S rename,renameat", []string{"-a always,io_uring -S rename,renameat"}, nil},
		{"types of files", "-a always,exit -S all -F filetype=symlink -F filetype=char", []string{"-a always,exit -S all -F filetype=link -F filetype=character"}, nil},
		{"fields in capitals", "-a always,exit -S all -F AUID!=0 -F Path=/x -p W", []string{"-a always,exit -S all -F auid!=0 -F path=/x -F perm=w"}, nil},
		{"two fields compared, the other name of one in capitals", "-a always,exit -S all -C Loginuid!=OBJ_UID", []string{"-a always,exit -S all -C auid!=obj_uid"}, nil},
		{"record types in small letters and by number", "-a never,exclude -F msgtype=cwd -F msgtype=1300", []string{"-a never,exclude -F msgtype=CWD -F msgtype=SYSCALL"}, nil},
		{"errors with and without a minus", "-a always,exit -S all -F exit!=eacces -F exit=-ENOTSUP", []string{"-a always,exit -S all -F exit!=13 -F exit=-95"}, nil},
		{"numbers in three bases", "-a always,exit -S all -F pid=0x10 -F pid=020 -F pid=16", []string{"-a always,exit -S all -F pid=16 -F pid=16 -F pid=16"}, nil},
		{"a machine and its number", "-a always,exit -F arch=ARMV8L -S openat", []string{"-a always,exit -F arch=armv8l -S openat"}, nil},
	})
}

func TestTextsOfEditorsAreRead(t *testing.T) {
	mark := "auditctl refuses the byte order mark before the first line; here it is left out"
	check(t, []row{
		{"a byte order mark", "\ufeff-w /etc -p wa\r\n-w /usr -p x\r\n", []string{"-w /etc -p wa", "-w /usr -p x"}, doubtful(1, mark)},
		{"carriage returns", "-b 1\r\n-w /etc -k a\r\n", []string{"-w /etc -p rwxa -k a"}, nil},
		{"no end of the last line", "-w /etc", []string{"-w /etc -p rwxa"}, nil},
		{"tabs before a remark", "\t# -w /etc", nil, nil},
		{"several settings on one line", "-b 8192 -f 1 -r0", nil, nil},
	})
}
