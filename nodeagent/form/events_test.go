package form

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

// allEvents are those of the logs, those of go-libaudit's records of seven distributions, and one of each call and each type of record, bare and
// with all that events can have.
func allEvents(tb testing.TB) []*event.Event {
	tb.Helper()
	var all []*event.Event
	for _, log := range logs(tb) {
		all = append(all, eventsOf(tb, log)...)
	}
	for _, sample := range samples(tb) {
		all = append(all, sample.event)
	}
	return append(all, made()...)
}

// made returns an event of each activity.
func made() []*event.Event {
	var all []*event.Event
	add := func(recordType, call string) {
		bare := &event.Event{Type: recordType, Call: event.Call{Syscall: call}, Who: event.Who{Confidence: event.ConfidenceNone}}
		whole := whole()
		whole.Type, whole.Syscall = recordType, call
		failed := whole.Clone()
		failed.Result, failed.Errno = event.ResultFailure, "EACCES"
		failed.Socket = &event.Socket{Family: "unix", Path: "/run/a.sock"}
		all = append(all, bare, whole, failed)
	}
	for _, call := range slices.Sorted(maps.Keys(callActivities)) {
		add("SYSCALL", call)
	}
	for _, name := range slices.Sorted(maps.Keys(recordActivities)) {
		add(name, "")
	}
	add("SYSCALL", "no_such_call")
	add("UNKNOWN[1999]", "")
	for _, actor := range []event.Actor{
		{Confidence: event.ActorHigh, Session: aliceSession}, {Confidence: event.ActorLow, Candidates: []event.Session{aliceSession, {Via: "debug", User: "bob"}}},
	} {
		with := whole()
		with.Who.Actor = &actor
		all = append(all, with, event.ActorEvent(with, time.UnixMilli(1795251949500)))
	}
	return all
}

var aliceSession = event.Session{
	Via: "exec", User: "alice", Groups: []string{"dev"}, ImpersonatedBy: "system:admin", SourceIPs: []string{"192.0.2.7"}, UserAgent: "kubectl/v1", AuditID: "0a1b",
}

func whole() *event.Event {
	exit := int64(3)
	return &event.Event{
		Serial: 42, Node: "worker-1", Keys: []string{"one", "two words"}, Result: event.ResultSuccess, Who: inPod,
		Call: event.Call{Arch: "x86_64", SyscallArgs: []string{"ffffff9c", "1f4", "241", "0"}, Exit: &exit},
		Process: event.Process{
			PID: event.NewID(7), PPID: event.NewID(1), Comm: "thread", Exe: "/usr/bin/program", Args: []string{"program", "-x", "two words"},
			Proctitle: "program -x", CWD: "/srv", TTY: "pts0",
		},
		User: event.User{
			AUID: event.NewID(1000), Ses: event.NewID(3), UID: event.NewID(33), GID: event.NewID(33), EUID: event.NewID(0), EGID: event.NewID(0),
			SUID: event.NewID(0), SGID: event.NewID(0), FSUID: event.NewID(0), FSGID: event.NewID(0), Subj: "unconfined",
			UserNames: event.UserNames{AUIDName: "alice", UIDName: "www", EUIDName: "root", GIDName: "www"},
		},
		Paths: []event.Path{
			{Name: "data", Nametype: "PARENT", Inode: "1", Dev: "fe:00", Mode: "040755", OUID: event.NewID(0), OGID: event.NewID(0)},
			{Name: "data/old", Nametype: "DELETE", Inode: "2", Dev: "fe:00", Mode: "0104755", OUID: event.NewID(0), OUIDName: "root", Obj: "label"},
			{Name: "data/new", Nametype: "CREATE", Inode: "2", Dev: "fe:00", Mode: "0104755", CapPermitted: "net_raw", CapEffective: true},
		},
		Socket: &event.Socket{Family: "inet6", Address: "fe80::1", Port: 443, Interface: 2},
		Fields: event.Fields{
			{Name: "op", Value: "login"},
			{Name: "acct", Value: "bob"},
			{Name: "id", Value: "1001"},
			{Name: "grp", Value: "carriers"},
			{Name: "unit", Value: "ssh"},
			{Name: "opid", Value: "500"},
			{Name: "ocomm", Value: "other"},
			{Name: "addr", Value: "192.0.2.7"},
			{Name: "hostname", Value: "there"},
			{Name: "name", Value: "dummy"},
			{Name: "sig", Value: "11"},
			{Name: "socket", Value: "taken"},
			{Name: "a0", Value: "taken"},
		},
		FieldNames: event.Fields{{Name: "sig", Value: "SIGSEGV"}},
		Records:    []event.Record{{Type: 1300, TypeName: "SYSCALL", Data: "audit(0.000:42): comm=\"a\\b\"\xff\n"}, {Type: 1302, TypeName: "PATH", Data: "audit(0.000:42): "}},
	}
}

// sample is a real event of another project's tests, and what that project makes of it.
type sample struct {
	name  string
	event *event.Event
}

// samples reads the records that go-libaudit is tested with. They are in the module's cache, so that none are copied here.
func samples(tb testing.TB) []sample {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(moduleDir(tb, "github.com/elastic/go-libaudit/v2"), "aucoalesce/testdata/*.yaml"))
	if err != nil || len(files) < 5 {
		tb.Fatalf("%d files of records, %v", len(files), err)
	}
	var all []sample
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for name, records := range sampleRecords(string(text)) {
			for i, e := range decoded(tb, []byte(strings.Join(records, "\n")+"\n")) {
				all = append(all, sample{fmt.Sprintf("%s/%s/%d", strings.TrimSuffix(filepath.Base(file), ".yaml"), name, i), e})
			}
		}
	}
	slices.SortFunc(all, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return all
}

func moduleDir(tb testing.TB, module string) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		tb.Fatalf("finding %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

var (
	sampleName = regexp.MustCompile(`^  ([^ #].*): [>|]`)
	recordLine = regexp.MustCompile(`type=.* msg=audit\(.*`)
)

// sampleRecords finds the records below each name.
func sampleRecords(text string) map[string][]string {
	all := map[string][]string{}
	name := ""
	for line := range strings.Lines(text) {
		if found := sampleName.FindStringSubmatch(line); found != nil {
			name = found[1]
		} else if found := recordLine.FindString(line); found != "" {
			all[name] = append(all[name], strings.TrimSpace(found))
		}
	}
	return all
}

func decoded(tb testing.TB, log []byte) []*event.Event {
	tb.Helper()
	reader, err := logfile.NewReader(bytes.NewReader(log))
	if err != nil {
		tb.Fatal(err)
	}
	var all []*event.Event
	var decoder decode.Decoder
	r := reassemble.NewLog(func(group event.Group) {
		e := decoder.Event(group)
		e.Node, e.Who = "worker-1", event.Who{Confidence: event.ConfidenceNone}
		all = append(all, e)
	})
	var line logfile.Line
	for reader.Next(&line) {
		if line.Err == nil {
			r.Push(line.Record)
		}
	}
	r.Close()
	return all
}
