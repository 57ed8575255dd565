package expr

import (
	"os"
	"strings"
	"testing"
	"time"
)

// part is an Object made of a map.
type part map[string]any

func (p part) Field(name string) any { return p[name] }

var happened = part{
	"time": time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), "serial": int64(7), "type": "SYSCALL", "keys": []string{"exec", "second"},
	"syscall": "execve", "exit": int64(-13), "uid": int64(0), "exe": "/usr/bin/nc", "args": []string{"nc", "-l"},
	"who":    part{"namespace": "shop", "labels": map[string]string{"app": "web"}},
	"paths":  []Object{part{"name": "/etc/shadow", "ouid": int64(0)}, part{"name": "/etc/"}},
	"fields": map[string]string{"op": "set"},
}

func TestMatches(t *testing.T) {
	for expression, want := range map[string]bool{
		`true`:                                                                    true,
		`event.exe == "/usr/bin/nc"`:                                              true,
		`event.exe.startsWith("/opt")`:                                            false,
		`event.exe.matches("^/usr/(s?bin)/nc$")`:                                  true,
		`"exec" in event.keys`:                                                    true,
		`event.keys.exists(k, k.startsWith("sec"))`:                               true,
		`event.uid == 0 && event.exit < 0`:                                        true,
		`has(event.uid)`:                                                          true,
		`has(event.auid)`:                                                         false,
		`event.auid == -1`:                                                        true,
		`event.auid == 0`:                                                         false,
		`event.comm == ""`:                                                        true,
		`event.args.size() == 2 && event.args[1] == "-l"`:                         true,
		`event.syscallArgs.size() == 0`:                                           true,
		`event.who.namespace in ["shop", "bank"]`:                                 true,
		`event.who.labels["app"] == "web"`:                                        true,
		`"tier" in event.who.labels`:                                              false,
		`event.who.pod == ""`:                                                     true,
		`event.paths.exists(p, p.name == "/etc/shadow")`:                          true,
		`event.paths.all(p, p.ouid == 0)`:                                         false,
		`event.paths[1].name.endsWith("/")`:                                       true,
		`has(event.socket)`:                                                       false,
		`event.socket.port == -1`:                                                 true,
		`event.fields["op"] == "set"`:                                             true,
		`event.time > timestamp("2026-01-01T00:00:00Z")`:                          true,
		`event.time.getHours() == 9`:                                              true,
		`event.exe.lowerAscii().contains("NC".lowerAscii())`:                      true,
		`event.paths.filter(p, p.name.startsWith("/etc/")).size() == 2`:           true,
		`event.paths.map(p, p.name).exists(n, n == "/etc/")`:                      true,
		`[event.exe, event.comm].exists(n, n == "/usr/bin/nc") && !(1 > 2)`:       true,
		`event.args.join(" ") == "nc -l" || event.who.containerID.size() == 64`:   true,
		`event.syscall == "execve" ? event.exit == -13 : event.type == "SECCOMP"`: true,
	} {
		program, err := Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got, err := program.Matches(happened); err != nil || got != want {
			t.Errorf("%s is %v, %v", expression, got, err)
		}
	}
}

func TestAMistakeIsSaidWithItsPlace(t *testing.T) {
	for expression, want := range map[string]string{
		`event.exee == "x"`:                    "line 1, column 6: undefined field 'exee'",
		"event.uid == 0 &&\n  events.uid == 1": "line 2, column 3: undeclared reference to 'events'",
		`event.uid == "root"`:                  "found no matching overload",
		`event.uid`:                            "of type int and must be true or false",
		`event.exe ==`:                         "line 1, column 13: Syntax error",
		``:                                     "Syntax error",
		`event.exe.matches("(")`:               "error parsing regexp",
		`event.who.lables["app"] == "x"`:       "undefined field 'lables'",
		`event.who == event.who && who{} == who{}`: "",
		strings.Repeat("(", 500):                   "", // any complaint, and no panic
		strings.Repeat("x", maxLength+1):           "at most 2048 are allowed",
		strings.Repeat("true && ", 255) + "event.": "Syntax error",
	} {
		_, err := Compile(expression)
		if want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q in one line", expression, err, want)
		}
	}
}

func TestWhatCannotBeEvaluatedIsAnError(t *testing.T) {
	many := make([]string, 2000)
	for expression, want := range map[string]string{
		`event.args[9] == "x"`:                                       "index out of bounds",
		`event.serial / 0 == 1`:                                      "division by zero",
		`event.who.labels["tier"] == "x"`:                            "no such key: tier",
		`event.who == event.who`:                                     "compare fields of who",
		`event.syscallArgs.all(a, event.syscallArgs.all(b, a == b))`: "cost limit exceeded",
	} {
		program, err := Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		happened := part{"serial": int64(1), "args": []string{"a"}, "syscallArgs": many}
		if got, err := program.Matches(happened); err == nil || got || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v, %v, want %q", expression, got, err, want)
		}
	}
}

func TestThePageHasEveryField(t *testing.T) {
	page, err := os.ReadFile("../../docs/routes.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{
		"event": "| `event` |", "who": "| `event.who` |", "path": "| `event.paths[i]` |", "socket": "| `event.socket` |",
		"workload": "| `event.who.workload` |", "ancestor": "| `event.who.ancestors[i]` |",
	}
	for _, kind := range Types() {
		_, row, found := strings.Cut(string(page), rows[kind])
		row, _, _ = strings.Cut(row, "\n")
		if !found || rows[kind] == "" {
			t.Errorf("docs/routes.md has no row for %s", kind)
		}
		for _, name := range Fields(kind) {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("docs/routes.md does not name the field %s of %s", name, kind)
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`event.uid == 0 && event.exe.startsWith("/")`, `event.paths.exists(p, p.name == "x")`, `event.`, `((((`, `"\xff"`, `event.args[0] == 'a'`,
		`event.who.labels.exists(k, event.who.labels[k] == "web")`, `who{namespace: "x"} == event.who`, `{"a": event.uid}["a"] > 1`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		program, err := Compile(expression)
		if err != nil {
			if strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
			return
		}
		for _, o := range []part{happened, {}} {
			if is, err := program.Matches(o); is && err != nil {
				t.Errorf("%q is true and an error: %v", expression, err)
			}
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	program, err := Compile(`event.euid == 0 && event.auid >= 1000 || event.exe.startsWith("/usr/bin/n") && "exec" in event.keys`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if is, err := program.Matches(happened); !is || err != nil {
			b.Fatal(is, err)
		}
	}
}
