package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestFormsHaveNames(t *testing.T) {
	for _, name := range Names() {
		if f, err := Named(name); err != nil || f.String() != name || f.Help() == "" {
			t.Errorf("%s is %q, %v", name, f, err)
		}
	}
	if f, err := Named("json"); err != nil || f != (Form{}) || f.String() != "native" {
		t.Errorf("json is %q, %v", f, err)
	}
	if _, err := Named("yaml"); err == nil || !strings.Contains(err.Error(), "ecs, ocsf") {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestAppendHasNoLineFeed(t *testing.T) {
	e := whole()
	for _, name := range Names() {
		f, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		line, err := f.AppendLine([]byte("before "), e)
		if err != nil {
			t.Fatal(err)
		}
		body, err := f.Append([]byte("before "), e)
		if diff := cmp.Diff(string(line), string(body)+"\n"); diff != "" || err != nil || !strings.HasPrefix(string(line), "before ") {
			t.Errorf("%s, %v (-AppendLine +Append):\n%s", name, err, diff)
		}
	}
	raw, _ := Named("raw")
	if body, err := raw.Append([]byte("before"), &event.Event{}); err != nil || string(body) != "before" {
		t.Errorf("without records: %q, %v", body, err)
	}
}

func TestAYearThatNoCalendarWritesIsAnError(t *testing.T) {
	e := &event.Event{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Records: []event.Record{}}
	for _, name := range Names() {
		f, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		if line, err := f.AppendLine([]byte("before"), e); string(line) != "before" || (err == nil) != (name == "raw") {
			t.Errorf("%s: %q, %v", name, line, err)
		}
	}
}

func TestEachEventIsOneLineInEachForm(t *testing.T) {
	for _, e := range allEvents(t) {
		check(t, e)
	}
}

func FuzzForms(f *testing.F) {
	for _, name := range []string{"SYSCALL", "USER_LOGIN", "AVC", "NODEAUDIT_LOST", ""} {
		f.Add(name, "openat", "/etc/passwd", "root", "ffffff9c", "tab\tquote\"\\\x1b[31m\xff\u2028{[", int64(1700000000123), uint32(7))
	}
	f.Add("SYSCALL", "rename", "", "", "", "", int64(-1), uint32(0))
	f.Add("CONFIG_CHANGE", "kill", "a/b/", "0", "3", "[", int64(253402300799999), ^uint32(0))
	f.Fuzz(func(t *testing.T, kind, call, path, user, argument, text string, milliseconds int64, number uint32) {
		e := whole()
		e.Type, e.Syscall, e.Time, e.Serial = kind, call, time.UnixMilli(milliseconds), number
		e.CWD, e.Paths[1].Name, e.Paths[2].Mode, e.Paths[2].Name = path, path, argument, text
		e.UIDName, e.EUIDName, e.Node, e.Exe, e.Comm = user, text, text, path, user
		e.SyscallArgs = []string{argument, argument, text}
		e.Args, e.Keys, e.Proctitle = []string{text, path}, []string{text}, text
		e.Who = event.Who{
			Confidence: event.ConfidenceExact, Namespace: text, Pod: user, PodUID: text, Container: path, ContainerID: argument, Image: path + ":" + text,
			Labels: map[string]string{text: path, "x" + text: user},
		}
		*e.Socket = event.Socket{Family: kind, Address: text, Port: number, Path: path}
		e.Fields[0].Value, e.Fields[1].Value, e.Fields[5].Value = text, user, argument
		e.Fields = append(e.Fields, event.Field{Name: "own " + text, Value: text})
		e.PID, e.EUID, e.AUID = event.NewID(number), event.ID{}, event.NewID(number)
		e.Records[0].TypeName, e.Records[0].Data, e.Records[1].Data = kind, text, path
		check(t, e)
	})
}

// check wants each form to be one line, what is JSON to be JSON without a name that is there twice, and lines for people to be harmless.
func check(t *testing.T, e *event.Event) {
	t.Helper()
	for at := range forms {
		name := forms[at].name
		line, err := Form{at}.AppendLine(nil, e)
		if err != nil {
			continue // no calendar has the year
		}
		records := 1
		if name == "raw" {
			records = len(e.Records)
		}
		if bytes.Count(line, []byte("\n")) != records || records > 0 && line[len(line)-1] != '\n' {
			t.Errorf("%s is not %d lines: %q", name, records, line)
		}
		switch name {
		case "raw":
		case "text":
			checkHarmless(t, strings.TrimSuffix(string(line), "\n"))
		default:
			if err := unambiguous(line); err != nil {
				t.Errorf("%s: %v\n%s", name, err, line)
			}
		}
	}
}

func checkHarmless(t *testing.T, line string) {
	t.Helper()
	if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q has what a terminal may obey", line)
	}
}

// unambiguous says why a text is no JSON, or in which object a name is twice.
func unambiguous(text []byte) error {
	if !json.Valid(text) || !utf8.Valid(text) {
		return fmt.Errorf("it is no JSON")
	}
	var inside []map[string]bool // nil is an array
	var isValue []bool
	for tokens := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := tokens.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		last := len(inside) - 1
		switch token {
		case json.Delim('}'), json.Delim(']'):
			inside, isValue = inside[:last], isValue[:last]
			continue
		}
		if last >= 0 && inside[last] != nil {
			if !isValue[last] {
				name := token.(string)
				if inside[last][name] {
					return fmt.Errorf("%q is there twice", name)
				}
				inside[last][name] = true
			}
			isValue[last] = !isValue[last]
		}
		switch token {
		case json.Delim('{'):
			inside, isValue = append(inside, map[string]bool{}), append(isValue, false)
		case json.Delim('['):
			inside, isValue = append(inside, nil), append(isValue, false)
		}
	}
}

func TestText(t *testing.T) {
	for name, test := range map[string]struct {
		change func(e *event.Event)
		want   string // the beginning
	}{
		"a renamed file has both names": {
			func(e *event.Event) { e.Type, e.Syscall = "SYSCALL", "rename" },
			`1970-01-01T00:00:00.000Z: Informational one,"two words": alice (as root) with program renamed /srv/data/old to /srv/data/new in shop/web-0/app (serial=42 `,
		},
		"what failed says so, with its error": {
			func(e *event.Event) {
				e.Type, e.Syscall, e.Result, e.Errno, e.Keys = "SYSCALL", "connect", event.ResultFailure, "EACCES", nil
			},
			`1970-01-01T00:00:00.000Z: Notice: alice (as root) with program failed: connected to inet6:fe80::1:443 (EACCES) in shop/web-0/app (`,
		},
		"a login is by whom it is about": {
			func(e *event.Event) {
				e.Type, e.Syscall, e.User, e.Exe, e.Keys = "USER_LOGIN", "", event.User{}, "/usr/sbin/sshd", nil
			},
			`1970-01-01T00:00:00.000Z: Informational: sshd logged in as bob from 192.0.2.7 in shop/web-0/app (`,
		},
		"what a terminal would obey is quoted": {
			func(e *event.Event) {
				e.Type, e.Syscall, e.Args, e.Keys, e.Who = "SYSCALL", "execve", []string{"sh", "\x1b[2J", ""}, nil, event.Who{}
			},
			`1970-01-01T00:00:00.000Z: Informational: alice (as root) with program executed sh "\x1b[2J" "" (`,
		},
		"an event of the agent": {
			func(e *event.Event) {
				*e = *event.Hole{Where: event.LossGap, Count: 3, Since: time.UnixMilli(0)}.Event("worker-1", time.UnixMilli(7))
			},
			`1970-01-01T00:00:00.007Z: Error: nodeaudit noticed a loss of audit events: gap (serial=0 node=worker-1 type=NODEAUDIT_LOST place=gap count=3 `,
		},
		"an event of the kernel alone": {
			func(e *event.Event) { *e = event.Event{Type: "ANOM_PROMISCUOUS"} },
			`0001-01-01T00:00:00.000Z: Warning: the kernel changed the promiscuous mode (serial=0 type=ANOM_PROMISCUOUS)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := whole()
			e.Time = time.UnixMilli(0)
			test.change(e)
			got, err := appendPeople(nil, e)
			if err != nil || !strings.HasPrefix(string(got), test.want) {
				t.Errorf("%v\n got %s want %s…", err, got, test.want)
			}
		})
	}
}

func TestOpeningIsReadWriteOrCreate(t *testing.T) {
	call := func(name string, args ...string) *event.Event {
		return &event.Event{Type: "SYSCALL", Call: event.Call{Syscall: name, SyscallArgs: args}, Paths: []event.Path{{Name: "/x", Nametype: "NORMAL"}}}
	}
	made := call("openat", "ffffff9c", "7ff", "241")
	made.Paths[0].Nametype = "CREATE"
	sized := call("openat2", "3", "7ff", "7ff", "18")
	sized.Fields = event.Fields{{Name: "oflag", Value: "02"}}
	for name, test := range map[string]struct {
		event *event.Event
		want  *activity
	}{
		"open for reading":                   {call("open", "7ff", "80000"), &openFile},
		"open for writing":                   {call("open", "7ff", "1"), &writeFile},
		"openat for reading and writing":     {call("openat", "ffffff9c", "7ff", "2"), &writeFile},
		"openat that empties":                {call("openat", "ffffff9c", "7ff", "200"), &writeFile},
		"creat always writes":                {call("creat", "7ff"), &writeFile},
		"a file that was not there is made":  {made, &createFile},
		"openat2 has its flags in a record":  {sized, &writeFile},
		"without flags it is only an access": {call("openat2", "3", "7ff", "7ff", "18"), &openFile},
		"a signal that kills":                {call("kill", "10cf", "9"), &signal},
		"a signal that asks":                 {call("kill", "10cf", "0"), &harmlessSignal},
		"a signal to a thread":               {call("tgkill", "10cf", "10cf", "f"), &signal},
	} {
		if got := activityOf(test.event); got != test.want {
			t.Errorf("%s: %s, want %s", name, got.verb, test.want.verb)
		}
	}
}

func TestAPathIsWholeWhereTheRecordsTellIt(t *testing.T) {
	for name, test := range map[string]struct {
		call string
		args []string
		cwd  string
		path string
		want string
	}{
		"an absolute path":                           {"open", nil, "/srv", "/etc/passwd", "/etc/passwd"},
		"a path below the working directory":         {"open", nil, "/srv", "./a/../b", "/srv/b"},
		"a path of openat below it":                  {"openat", []string{"ffffff9c"}, "/srv", "b", "/srv/b"},
		"a path of openat with 64 bits":              {"openat", []string{"ffffffffffffff9c"}, "/srv", "b", "/srv/b"},
		"a path of openat below another":             {"openat", []string{"3"}, "/srv", "b", "b"},
		"a path of symlinkat below it":               {"symlinkat", []string{"7fff", "ffffff9c"}, "/srv", "b", "/srv/b"},
		"without a working directory it is as given": {"open", nil, "", "b", "b"},
	} {
		e := &event.Event{Call: event.Call{Syscall: test.call, SyscallArgs: test.args}, Process: event.Process{CWD: test.cwd}}
		if got := full(e, test.path); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestTheTablesHaveAllWords(t *testing.T) {
	for name, a := range callActivities {
		if a.action == "" || a.verb == "" || a.class == nil || len(a.categories) == 0 || len(a.types) == 0 {
			t.Errorf("%s has no words: %+v", name, a)
		}
	}
	for name, a := range recordActivities {
		if a.action == "" || a.verb == "" || a.class == nil || len(a.categories) == 0 || len(a.types) == 0 {
			t.Errorf("%s has no words: %+v", name, a)
		}
		if _, found := event.TypeNumber(name); !found && !strings.HasPrefix(name, ownTypes) {
			t.Errorf("no record is of type %s", name)
		}
	}
}

func BenchmarkForms(b *testing.B) {
	events := eventsOf(b, "../decode/testdata/linux-6.18-x86_64.log")
	for at := range forms {
		b.Run(forms[at].name, func(b *testing.B) {
			b.ReportAllocs()
			var line []byte
			n := 0
			for b.Loop() {
				line, _ = Form{at}.AppendLine(line[:0], events[n%len(events)])
				n++
			}
			b.ReportMetric(float64(len(line)), "bytes/line")
		})
	}
}
