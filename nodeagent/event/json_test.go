package event_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// full returns an event with something in every field.
func full() *event.Event {
	exit := int64(-13)
	return &event.Event{
		Time: time.Date(2026, 11, 21, 9, 5, 49, 804e6, time.UTC), Serial: 80115, Node: "node-1", Type: "SYSCALL",
		Keys: []string{"example-data"}, Result: event.ResultFailure,
		Who: event.Who{
			Confidence: event.ConfidenceExact, Source: event.SourceEBPF,
			Namespace: "shop", Pod: "web-0", PodUID: "7f0d1c1e-5a5b-4c3d-9e8f-000000000001",
			Container: "app", ContainerType: event.ContainerMain, ContainerID: strings.Repeat("0f", 32),
			Image: "registry.example/app:1", ImageID: "registry.example/app@sha256:00", Labels: map[string]string{"app": "web"},
			Workload: &event.Workload{Kind: "Deployment", Name: "web", By: event.WorkloadByName},
			Unit:     "session-2.scope", Slice: "user-1000.slice", Session: "2", Entered: true, Start: 1795251949804,
			Ancestors: []event.Ancestor{{PID: 41, Comm: "sh", Exe: "/bin/sh", Start: 1795251949800}, {PID: 1}},
		},
		Call: event.Call{
			Arch: "x86_64", Syscall: "connect", SyscallArgs: []string{"3", "7ffe", "10", "0"},
			SyscallArgNames: event.Fields{{Name: "a2", Value: "O_RDONLY"}}, Exit: &exit, Errno: "EACCES",
		},
		Process: event.Process{
			PID: event.NewID(42), PPID: event.NewID(1), Comm: "app", Exe: "/app", Args: []string{"/app", "<&>"}, Proctitle: "/app <&>",
			CWD: "/", TTY: "pts0",
		},
		User: event.User{
			AUID: event.NewID(1000), Ses: event.NewID(2), UID: event.NewID(0), GID: event.NewID(0), EUID: event.NewID(0),
			EGID: event.NewID(0), SUID: event.NewID(0), SGID: event.NewID(0), FSUID: event.NewID(0), FSGID: event.NewID(0), Subj: "unconfined",
			UserNames: event.UserNames{
				AUIDName: "ann", UIDName: "root", GIDName: "root", EUIDName: "root", EGIDName: "root", SUIDName: "root", SGIDName: "root",
				FSUIDName: "root", FSGIDName: "root",
			},
		},
		Paths: []event.Path{{
			Name: "/etc/a b", Nametype: "NORMAL", Inode: "18446744073709551615", Dev: "fe:00", Mode: "0100644", Rdev: "00:00",
			OUID: event.NewID(0), OUIDName: "root", OGID: event.NewID(0), OGIDName: "root", ModeName: "file,644", Obj: "u:r:t:s0",
			CapPermitted: "net_raw", CapInheritable: "net_raw", CapEffective: true,
		}},
		Socket: &event.Socket{
			Family: "inet", Address: "192.0.2.7", Port: 443, Path: "@name", Interface: 2, Protocol: "0x0800", Groups: 1, Data: "00ff",
		},
		Fields: event.Fields{{Name: "op", Value: "set"}, {Name: "a", Value: ""}}, FieldNames: event.Fields{{Name: "op", Value: "to set"}},
		Records: []event.Record{{TypeName: "SYSCALL", Data: "audit(1795251949.804:80115): "}, {TypeName: "USER_LOGIN", Data: "audit(\xff"}},
	}
}

var ids = cmp.AllowUnexported(event.ID{})

func TestAppendLineCarriesEveryField(t *testing.T) {
	line, err := event.AppendLine(nil, full())
	if err != nil {
		t.Fatal(err)
	}
	var back event.Event
	if err := json.Unmarshal(line, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full(), &back, ids); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestAppendLine(t *testing.T) {
	least := &event.Event{
		Time: time.Date(2026, 11, 21, 9, 5, 49, 820e6, time.UTC), Serial: 7, Type: "SYSCALL", Who: event.Who{Confidence: event.ConfidenceNone},
		Process: event.Process{Comm: "a<b>&\n\xff"}, Records: []event.Record{},
	}
	const before = "before\n"
	const want = before + `{"time":"2026-11-21T09:05:49.820Z","serial":7,"type":"SYSCALL","who":{"confidence":"none"},"comm":"a<b>&\n\ufffd","records":[]}` + "\n"
	got, err := event.AppendLine([]byte(before), least)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
}

func TestAppendLineLeavesTheLinesOfOthersAlone(t *testing.T) {
	const before = "before\n"
	got, err := event.AppendLine([]byte(before), &event.Event{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err == nil || string(got) != before {
		t.Errorf("AppendLine = %q, %v, want %q and an error for a year that JSON has no form for", got, err, before)
	}
}

func FuzzAppendLine(f *testing.F) {
	f.Add("openat", "/etc/passwd", "audit(1.002:3): a=b", uint32(0), int64(0))
	f.Add("a\nb", "<&>\u2028", "\xff\x00", uint32(1<<32-1), int64(-13))
	f.Fuzz(func(t *testing.T, comm, name, data string, number uint32, exit int64) {
		e := &event.Event{
			Time: time.UnixMilli(int64(number)).UTC(), Serial: number, Type: comm, Keys: []string{name}, Call: event.Call{Exit: &exit},
			Process: event.Process{PID: event.NewID(number), Comm: comm, Args: []string{name, data}}, Paths: []event.Path{{Name: name}},
			Fields: event.Fields{{Name: comm, Value: name}}, Records: []event.Record{{TypeName: "SYSCALL", Data: data}},
		}
		line, err := event.AppendLine([]byte("x\n"), e)
		if err != nil {
			t.Fatal(err)
		}
		line = bytes.TrimPrefix(line, []byte("x\n"))
		if bytes.Count(line, []byte("\n")) != 1 || !bytes.HasSuffix(line, []byte("}\n")) {
			t.Fatalf("not one line: %q", line)
		}
		var back event.Event
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if back.Records[0].Data != data || back.PID != e.PID || *back.Exit != exit || !back.Time.Equal(e.Time) {
			t.Errorf("%q came back as %q", data, back.Records[0].Data)
		}
		if utf8.ValidString(comm) && back.Comm != comm {
			t.Errorf("%q came back as %q", comm, back.Comm)
		}
	})
}
