package decode

import (
	"encoding/json"
	"testing"

	"github.com/elastic/go-libaudit/v2/auparse"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const header = "audit(1700000000.123:42): "

func record[T ~uint16 | ~int](kind T, text string) event.Record {
	return event.Record{Type: uint16(kind), Data: header + text}
}

func TestEvent(t *testing.T) {
	exit := func(n int64) *int64 { return &n }
	tests := []struct {
		name    string
		records []event.Record
		want    event.Event
	}{
		{
			"a backslash at the end of a name does not hide the next field",
			[]event.Record{record(auparse.AUDIT_PATH, `item=0 name="ends\" inode=7 nametype=CREATE`)},
			event.Event{Type: "PATH", Paths: []event.Path{{Name: `ends\`, Inode: "7", Nametype: "CREATE"}}},
		},
		{
			"arguments that are empty or look like nothing are kept",
			[]event.Record{record(auparse.AUDIT_EXECVE, `argc=4 a0="sh" a1="" a2="?" a3="(null)"`)},
			event.Event{Type: "EXECVE", Process: event.Process{Args: []string{"sh", "", "?", "(null)"}}},
		},
		{
			"the pieces of a long argument are joined",
			[]event.Record{
				record(auparse.AUDIT_EXECVE, `argc=3 a0="sh" a1_len=6 a1[0]=6120`),
				record(auparse.AUDIT_EXECVE, ` a1[1]=62`),
				record(auparse.AUDIT_EXECVE, ` a2="end"`),
			},
			event.Event{Type: "EXECVE", Process: event.Process{Args: []string{"sh", "a b", "end"}}},
		},
		{
			"two keys of one rule are two keys",
			[]event.Record{record(auparse.AUDIT_SYSCALL, "key=6F6E650174776F")},
			event.Event{Type: "SYSCALL", Keys: []string{"one", "two"}},
		},
		{
			"a failed call has the name of its error",
			[]event.Record{record(auparse.AUDIT_SYSCALL, "arch=c00000b7 syscall=56 success=no exit=-13 key=(null)")},
			event.Event{Type: "SYSCALL", Result: "failure", Call: event.Call{Arch: "aarch64", Syscall: "openat", Exit: exit(-13), Errno: "EACCES"}},
		},
		{
			"a negative value of a call that succeeded is no error",
			[]event.Record{record(auparse.AUDIT_SYSCALL, "arch=c000003e syscall=9 success=yes exit=-13")},
			event.Event{Type: "SYSCALL", Result: "success", Call: event.Call{Arch: "x86_64", Syscall: "mmap", Exit: exit(-13)}},
		},
		{
			"a call that is not in the table keeps its number",
			[]event.Record{record(auparse.AUDIT_SYSCALL, "arch=c000003e syscall=4999")},
			event.Event{Type: "SYSCALL", Call: event.Call{Arch: "x86_64", Syscall: "4999"}},
		},
		{
			"nobody logged in: no auid and no session",
			[]event.Record{record(auparse.AUDIT_SYSCALL, "auid=4294967295 uid=0 ses=4294967295")},
			event.Event{Type: "SYSCALL", User: event.User{UID: event.NewID(0)}},
		},
		{
			"the process that acts wins over the one that is acted on, whatever comes first",
			[]event.Record{
				record(auparse.AUDIT_CAPSET, "pid=9 cap_pi=0"),
				record(auparse.AUDIT_SYSCALL, "pid=5"),
			},
			event.Event{Type: "SYSCALL", Process: event.Process{PID: event.NewID(5)}, Fields: event.Fields{{Name: "cap_pi", Value: "0"}}},
		},
		{
			"a message of user space is read to its last quote",
			[]event.Record{record(auparse.AUDIT_USER_CMD, `pid=7 uid=0 msg='cwd="/it's" cmd=6C73202D6C terminal=pts/0 res=success'`)},
			event.Event{
				Type: "USER_CMD", Result: "success", Process: event.Process{PID: event.NewID(7), CWD: "/it's", TTY: "pts/0"},
				User: event.User{UID: event.NewID(0)}, Fields: event.Fields{{Name: "cmd", Value: "ls -l"}},
			},
		},
		{
			"a message of an old program has its fields in a list",
			[]event.Record{record(auparse.AUDIT_USER_START, `user pid=7 uid=0 auid=5 msg='PAM: session open acct="root" : exe="/usr/sbin/crond" (hostname=?, addr=192.0.2.7, terminal=cron res=success)'`)},
			event.Event{
				Type: "USER_START", Result: "success", Process: event.Process{PID: event.NewID(7), Exe: "/usr/sbin/crond", TTY: "cron"},
				User: event.User{AUID: event.NewID(5), UID: event.NewID(0)}, Fields: event.Fields{{Name: "acct", Value: "root"}, {Name: "addr", Value: "192.0.2.7"}},
			},
		},
		{
			"the type is what happened, not that a call did it",
			[]event.Record{record(auparse.AUDIT_CONFIG_CHANGE, "op=add_rule res=1"), record(auparse.AUDIT_SYSCALL, "pid=5")},
			event.Event{
				Type: "CONFIG_CHANGE", Result: "success", Process: event.Process{PID: event.NewID(5)}, Fields: event.Fields{{Name: "op", Value: "add_rule"}},
			},
		},
		{
			"the result is that of what happened, not that of the call",
			[]event.Record{record(auparse.AUDIT_CONFIG_CHANGE, "op=add_rule res=0"), record(auparse.AUDIT_SYSCALL, "success=yes exit=1080 pid=5")},
			event.Event{
				Type: "CONFIG_CHANGE", Result: "failure", Call: event.Call{Exit: new(int64(1080))}, Process: event.Process{PID: event.NewID(5)},
				Fields: event.Fields{{Name: "op", Value: "add_rule"}},
			},
		},
		{
			"without a result of its own it is that of the call",
			[]event.Record{record(auparse.AUDIT_SYSCALL, "success=no exit=-13"), record(auparse.AUDIT_AVC, "avc: denied")},
			event.Event{Type: "AVC", Result: "failure", Call: event.Call{Exit: new(int64(-13)), Errno: "EACCES"}},
		},
		{
			"a type that nobody knows has its number and its fields",
			[]event.Record{record(1999, "speed=88 mode=new")},
			event.Event{Type: "UNKNOWN[1999]", Fields: event.Fields{{Name: "speed", Value: "88"}, {Name: "mode", Value: "new"}}},
		},
		{
			"an address of another family has its name or its number, and the rest in hexadecimal",
			[]event.Record{record(auparse.AUDIT_SOCKADDR, "saddr=6300AB")},
			event.Event{Type: "SOCKADDR", Socket: &event.Socket{Family: "99", Data: "ab"}},
		},
		{
			"text without a field is an event all the same",
			[]event.Record{record(auparse.AUDIT_KERNEL, "initialized")},
			event.Event{Type: "KERNEL"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := new(Decoder).Event(event.Group{Records: test.records})
			compare := cmp.Options{cmpopts.IgnoreFields(event.Event{}, "Records"), cmp.AllowUnexported(event.ID{})}
			if diff := cmp.Diff(&test.want, got, compare); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzEvent(f *testing.F) {
	f.Add(uint16(auparse.AUDIT_SYSCALL), header+`arch=c000003e syscall=257 success=no exit=-2 a0=1 pid=3 comm="x" exe="/x" key=6F6E65`)
	f.Add(uint16(auparse.AUDIT_EXECVE), header+`argc=2 a0="sh" a1_len=6 a1[0]=6120 a1[1]=62`)
	f.Add(uint16(auparse.AUDIT_SOCKADDR), header+"saddr=020000357F0000010000000000000000")
	f.Add(uint16(auparse.AUDIT_PATH), header+`item=0 name=62FF64 nametype=UNKNOWN`)
	f.Add(uint16(auparse.AUDIT_USER_CMD), header+`pid=7 msg='cwd="/" cmd=6C73 res=success'`)
	f.Add(uint16(auparse.AUDIT_PROCTITLE), header+"proctitle=6D76002F")
	f.Add(uint16(9999), "\xff\x00='\"")
	f.Add(uint16(typeSyscall), header+"arch=80000016 syscall=5 a0=1 a1=41 a2=1b6 per=400000\x1dARCH=s390x SYSCALL=open")
	f.Add(uint16(typeAVC), header+"avc:  denied  { read } for  pid=1 capability=21")
	f.Add(uint16(typeCapset), header+"cap_pp=000001fffeffffff")
	used := &Decoder{Names: someNames{}}
	f.Fuzz(func(t *testing.T, kind uint16, data string) {
		// The same twice, between two others: records of one event, and the memory of the event before.
		group := event.Group{Records: []event.Record{{Type: kind, Data: data}, {Type: typeSyscall, Data: data}, {Type: kind, Data: data}}}
		e := (&Decoder{Names: someNames{}}).Event(group)
		for _, r := range e.Records {
			if r.Data != data {
				t.Errorf("the raw record changed: %q", r.Data)
			}
		}
		line, err := event.AppendLine(nil, e)
		if err != nil {
			t.Fatalf("encoding: %v", err)
		}
		again, err := event.AppendLine(nil, used.Read(group))
		if err != nil || string(again) != string(line) {
			t.Fatalf("a decoder that was used before says %s, %v, want %s", again, err, line)
		}
		var back event.Event
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("the line cannot be read back: %v", err)
		}
		if back.Records[0].Data != data {
			t.Errorf("raw record: got %q back, want %q", back.Records[0].Data, data)
		}
	})
}
