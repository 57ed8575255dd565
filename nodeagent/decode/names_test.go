package decode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// someNames are the users and groups of a host.
type someNames struct{}

func (someNames) User(uid uint32) string {
	return map[uint32]string{0: "root", 1000: "ann"}[uid]
}

func (someNames) Group(gid uint32) string {
	return map[uint32]string{0: "root", 100: "users"}[gid]
}

// words writes fields as name=value, joined with spaces.
func words(fields event.Fields) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.Name + "=" + f.Value
	}
	return strings.Join(all, " ")
}

func TestArgumentsInWords(t *testing.T) {
	tests := []struct{ arch, call, a0, a1, a2, a3, want string }{
		{"c000003e", "257", "ffffff9c", "7f0", "80041", "1b6", "a0=AT_FDCWD a2=O_WRONLY|O_CREAT|O_CLOEXEC a3=0666"},
		{"c000003e", "257", "ffffffffffffff9c", "7f0", "0", "1b6", "a0=AT_FDCWD a2=O_RDONLY"},
		{"c000003e", "257", "5", "7f0", "101002", "0", "a2=O_RDWR|O_SYNC"},
		{"c000003e", "2", "7f0", "490000", "1c0", "0", "a1=O_RDONLY|O_TMPFILE|O_CLOEXEC a2=0700"},
		{"c00000b7", "56", "ffffff9c", "7f0", "4000", "0", "a0=AT_FDCWD a2=O_RDONLY|O_DIRECTORY"},
		{"c000003e", "257", "3", "7f0", "4000", "0", "a2=O_RDONLY|O_DIRECT"},
		{"40000003", "5", "7f0", "8000", "1b6", "0", "a1=O_RDONLY|O_LARGEFILE"},
		{"c000003e", "9", "0", "1000", "7", "22", "a2=PROT_READ|PROT_WRITE|PROT_EXEC a3=MAP_PRIVATE|MAP_ANONYMOUS"},
		{"c000003e", "10", "7f0", "1000", "0", "0", "a2=PROT_NONE"},
		{"c000003e", "56", "1200011", "0", "0", "7f0", "a0=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD"},
		{"c000003e", "272", "6c020080", "0", "0", "0", "a0=CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET|CLONE_NEWTIME"},
		{"c000003e", "41", "2", "80801", "6", "0", "a0=inet a1=SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC a2=tcp"},
		{"c000003e", "101", "10", "7b", "0", "0", "a0=PTRACE_ATTACH"},
		{"c000003e", "62", "7b", "9", "0", "0", "a1=SIGKILL"},
		{"c000003e", "62", "7b", "22", "0", "0", ""},
		{"c000003e", "165", "1", "2", "3", "c0ed1001", "a3=MS_RDONLY|MS_BIND"},
		{"c000003e", "166", "1", "2", "0", "0", "a1=MNT_DETACH"},
		{"c000003e", "90", "1", "9ed", "0", "0", "a1=04755"},
		{"c000003e", "21", "1", "0", "0", "0", "a1=F_OK"},
		{"c000003e", "269", "ffffff9c", "1", "6", "0", "a0=AT_FDCWD a2=R_OK|W_OK"},
		{"c000003e", "263", "ffffff9c", "1", "200", "0", "a0=AT_FDCWD a2=AT_REMOVEDIR"},
		{"c000003e", "105", "3e8", "0", "0", "0", "a0=ann"},
		{"c000003e", "117", "ffffffff", "0", "3e8", "0", "a1=root a2=ann"},
		{"c000003e", "92", "1", "3e8", "64", "0", "a1=ann a2=users"},
		{"c000003e", "321", "5", "1", "0", "0", "a0=BPF_PROG_LOAD"},
		{"c000003e", "157", "16", "2", "0", "0", "a0=PR_SET_SECCOMP"},
		{"c000003e", "72", "3", "406", "0", "0", "a1=F_DUPFD_CLOEXEC"},
		{"c000003e", "135", "40008", "0", "0", "0", "a0=PER_LINUX32|ADDR_NO_RANDOMIZE"},
		{"c000003e", "160", "7", "0", "0", "0", "a0=RLIMIT_NOFILE"},
		{"c000003e", "0", "3", "7f0", "10", "0", ""},
		{"c000003e", "4999", "ffffff9c", "0", "0", "0", ""},
		{"nonsense", "257", "ffffff9c", "0", "0", "0", ""},
		{"c000003e", "257", "nonsense", "0", "ffffffffffffffffff", "0", ""},
	}
	d := &Decoder{Names: someNames{}}
	for range 2 { // the second time from what was made before
		for _, test := range tests {
			data := "arch=" + test.arch + " syscall=" + test.call + " a0=" + test.a0 + " a1=" + test.a1 + " a2=" + test.a2 + " a3=" + test.a3
			e := d.Event(event.Group{Records: []event.Record{record(typeSyscall, data)}})
			if got := words(e.SyscallArgNames); got != test.want {
				t.Errorf("%s (%s): %q, want %q", data, e.Syscall, got, test.want)
			}
		}
	}
}

func TestFieldsInWords(t *testing.T) {
	tests := []struct {
		name string
		kind uint16
		data string
		want string
	}{
		{"a login", 1006, "old-auid=4294967295 auid=1000 old-ses=4294967295 ses=1", "old-auid=unset"},
		{"who is acted on", typeObjPID, "opid=7 oauid=1000 ouid=0 oses=1 ocomm=\"x\"", "oauid=ann ouid=root"},
		{"an owner that has no name", typeIPC, "ouid=77 ogid=100 mode=0600", "ogid=users"},
		{"a signal", 1701, "sig=11 res=1", "sig=SIGSEGV"},
		{"what seccomp does", typeSeccomp, "sig=31 compat=0 code=0x80000000", "sig=SIGSYS code=kill-process"},
		{"a list of rules", typeConfigChange, "op=add_rule list=4 perm=10", "list=exit perm=write,attr"},
		{"capabilities", typeCapset, "pid=1 cap_pi=0 cap_pp=0000000000002000 cap_pe=000001fffeffffff", "cap_pp=net_raw cap_pe=all,-sys_resource"},
		{"capabilities that nobody knows", typeCapset, "cap_pp=8000000000000001 cap_pe=ffffffffffffffff", "cap_pp=chown,63 cap_pe=all,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63"},
		{"one that SELinux asks for", typeAVC, "avc:  denied  { sys_admin } for capability=21", "capability=sys_admin"},
		{"an operation of io_uring", typeUringop, "uring_op=18 success=yes", "uring_op=openat"},
		{"what openat2 asks for", typeOpenat2, "oflag=0100 mode=0600 resolve=0x8", "oflag=O_RDONLY|O_CREAT resolve=RESOLVE_BENEATH"},
		{"how memory is mapped", typeMmap, "fd=3 flags=0x2", "flags=MAP_PRIVATE"},
		{"an answer of fanotify", typeFanotify, "resp=2 fan_type=1", "resp=deny"},
		{"a table of a filter", 1325, "table=filter family=10 entries=5 op=xt_replace", "family=inet6"},
		{"a packet", typeNetfilterPkt, "mark=0x0 saddr=192.0.2.1 daddr=192.0.2.2 proto=17", "proto=udp"},
		{"a personality", typeSyscall, "arch=c000003e syscall=0 per=400000", "per=PER_LINUX|READ_IMPLIES_EXEC"},
		{"nothing where the field is no number", 1701, "sig=x list=y", ""},
		{"names that auditd added", typeObjPID, "opid=1 oauid=77 ouid=78\x1dOAUID=\"eve\" OUID=\"bob\"", "oauid=eve ouid=bob"},
		{"names that auditd added, before those of the host", 1006, "old-auid=1000\x1dOLD-AUID=\"eve\"", "old-auid=eve"},
	}
	d := &Decoder{Names: someNames{}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := d.Event(event.Group{Records: []event.Record{record(test.kind, test.data)}})
			if got := words(e.FieldNames); got != test.want {
				t.Errorf("%s: %q, want %q", test.data, got, test.want)
			}
		})
	}
}

func TestNamesOfUsers(t *testing.T) {
	const ids = "auid=1000 uid=0 gid=100 euid=1000 suid=0 fsuid=77 egid=100 sgid=0 fsgid=77 ses=1"
	tests := []struct {
		name    string
		data    string
		decoder *Decoder
		want    event.UserNames
	}{
		{"of the host", ids, &Decoder{Names: someNames{}}, event.UserNames{
			AUIDName: "ann", UIDName: "root", GIDName: "users", EUIDName: "ann", EGIDName: "users", SUIDName: "root", SGIDName: "root",
		}},
		{"without a host", ids, &Decoder{}, event.UserNames{}},
		{
			"in the log", ids + "\x1dARCH=x86_64 SYSCALL=openat AUID=\"eve\" UID=\"adm\" GID=\"g\" EUID=\"e\" SUID=\"s\" FSUID=\"f\" EGID=\"eg\" SGID=\"sg\" FSGID=\"fg\"",
			&Decoder{Names: someNames{}},
			event.UserNames{
				AUIDName: "eve", UIDName: "adm", GIDName: "g", EUIDName: "e", EGIDName: "eg", SUIDName: "s", SGIDName: "sg", FSUIDName: "f", FSGIDName: "fg",
			},
		},
		{"of an id that is unset there is none", "auid=4294967295 uid=0\x1dAUID=\"unset\" UID=\"root\"", &Decoder{}, event.UserNames{UIDName: "root"}},
		{
			"behind a message with quotes", "pid=1 uid=0 auid=1000 msg='op=x acct=\"it's\" res=success'\x1dUID=\"root\" AUID=\"it's\"", &Decoder{},
			event.UserNames{UIDName: "root", AUIDName: "it's"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := test.decoder.Event(event.Group{Records: []event.Record{record(typeSyscall, test.data)}})
			if diff := cmp.Diff(test.want, e.UserNames); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPathsInWords(t *testing.T) {
	d := &Decoder{Names: someNames{}}
	data := `item=0 name="/x" inode=1 dev=fe:00 mode=0104755 ouid=0 ogid=100 rdev=00:00 obj=u:r:t:s0 nametype=NORMAL cap_fp=0000000000002000 cap_fi=0 cap_fe=1 cap_fver=2`
	got := d.Event(event.Group{Records: []event.Record{record(typePath, data)}}).Paths
	want := []event.Path{{
		Name: "/x", Nametype: "NORMAL", Inode: "1", Dev: "fe:00", Mode: "0104755", ModeName: "file,suid,755", Rdev: "00:00", OUID: event.NewID(0),
		OUIDName: "root", OGID: event.NewID(100), OGIDName: "users", Obj: "u:r:t:s0", CapPermitted: "net_raw", CapEffective: true,
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(event.ID{})); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for mode, want := range map[string]string{
		"040755": "dir,755", "041777": "dir,sticky,777", "0100644": "file,644", "020620": "character,620", "0140777": "socket,777",
		"0120777": "link,777", "010600": "fifo,600", "060660": "block,660", "042755": "dir,sgid,755", "0": "000", "8": "",
	} {
		if got := d.modeName(mode); got != want {
			t.Errorf("modeName(%s) = %q, want %q", mode, got, want)
		}
	}
}

func TestSockets(t *testing.T) {
	tests := []struct {
		saddr string
		want  event.Socket
	}{
		{"020000357F0000010000000000000000", event.Socket{Family: "inet", Address: "127.0.0.1", Port: 53}},
		{"0A0001BB00000000FE80000000000000000000000000000102000000", event.Socket{Family: "inet6", Address: "fe80::1", Port: 443, Interface: 2}},
		{"0A0001BB0000000020010DB800000000000000000000000100000000", event.Socket{Family: "inet6", Address: "2001:db8::1", Port: 443}},
		{"01002F72756E2F7800AABB", event.Socket{Family: "unix", Path: "/run/x"}},
		{"0100002F746D702F78", event.Socket{Family: "unix", Path: "@/tmp/x"}},
		{"0100", event.Socket{Family: "unix"}},
		{"100000000700000001000000", event.Socket{Family: "netlink", Port: 7, Groups: 1}},
		{"11000800020000000100000602005E00530100000000", event.Socket{Family: "packet", Protocol: "0x0800", Interface: 2, Address: "02:00:5e:00:53:01"}},
		{"28000000160000000300000000000000", event.Socket{Family: "vsock", Address: "3", Port: 22}},
		{"1F00010203040506070000", event.Socket{Family: "bluetooth", Data: "010203040506070000"}},
		{"1F000102030405060700", event.Socket{Family: "bluetooth", Address: "06:05:04:03:02:01", Port: 7}},
		{"1F0001100102030405060000" + "0000", event.Socket{Family: "bluetooth", Address: "06:05:04:03:02:01", Port: 0x1001}},
		{"0200", event.Socket{Family: "inet"}},
		{"2600616C67", event.Socket{Family: "alg", Data: "616c67"}},
		{"FFFF01", event.Socket{Family: "65535", Data: "01"}},
	}
	for _, test := range tests {
		e := new(Decoder).Event(event.Group{Records: []event.Record{record(typeSockaddr, "saddr="+test.saddr)}})
		if diff := cmp.Diff(&test.want, e.Socket); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.saddr, diff)
		}
	}
	big := new(Decoder).Event(event.Group{Records: []event.Record{
		record(typeSockaddr, "saddr=000200357F000001"), record(typeSyscall, "arch=80000016 syscall=362"),
	}})
	if diff := cmp.Diff(&event.Socket{Family: "inet", Address: "127.0.0.1", Port: 53}, big.Socket); diff != "" || big.Arch != "s390x" {
		t.Errorf("of a machine whose highest byte comes first (-want +got):\n%s", diff)
	}
}

func TestWhatSELinuxSays(t *testing.T) {
	e := new(Decoder).Event(event.Group{Records: []event.Record{record(typeAVC, `avc:  denied  { read write } for  pid=7 comm="x" path="/y" scontext=a tclass=file permissive=0`)}})
	const want = "seresult=denied seperms=read,write path=/y scontext=a tclass=file permissive=0"
	if got := words(e.Fields); got != want || e.Comm != "x" {
		t.Errorf("fields %q, want %q", got, want)
	}
}
