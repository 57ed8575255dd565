package enrich

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUnitOf(t *testing.T) {
	for path, want := range map[string]unit{
		"/system.slice/sshd.service":                                               {"sshd.service", "system.slice", ""},
		"/user.slice/user-1000.slice/session-3.scope":                              {"session-3.scope", "user-1000.slice", "3"},
		"/user.slice/user-1000.slice/session-c2.scope":                             {"session-c2.scope", "user-1000.slice", "c2"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/app-foot.service": {"user@1000.service", "user-1000.slice", ""},
		"/init.scope":                              {"init.scope", "", ""},
		"/../../system.slice/cron.service":         {"cron.service", "system.slice", ""},
		"/system.slice/_cgroup.service":            {"cgroup.service", "system.slice", ""},
		"/system.slice/sshd.service (deleted)":     {"sshd.service", "system.slice", ""},
		"/system.slice/containerd.service/kubelet": {"containerd.service", "system.slice", ""},
		"/": {}, "": {}, "/kubepods/burstable": {}, "/system.slice": {}, "/.service": {}, "/docker/x/system.slice/sshd.service": {},
	} {
		if diff := cmp.Diff(want, unitOf(path), cmp.AllowUnexported(unit{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func FuzzUnitOf(f *testing.F) {
	f.Add("/user.slice/user-1000.slice/session-3.scope")
	f.Add("/../system.slice/_x.service/y (deleted)")
	f.Fuzz(func(t *testing.T, path string) {
		found := unitOf(path)
		for _, text := range []string{found.name, found.slice, found.session} {
			if !strings.Contains(path, text) || strings.Contains(text, "/") {
				t.Errorf("%q of %q", text, path)
			}
		}
		if found.name == "" && found != (unit{}) {
			t.Errorf("no unit, but %+v", found)
		}
	})
}

func TestParseStat(t *testing.T) {
	const tail = " 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 250 1 1\n"
	for _, test := range []struct {
		name, text string
		want       stat
		ok         bool
	}{
		{"an ordinary one", "7 (sh) S 3" + tail, stat{"sh", 'S', 3, 2500 * time.Millisecond}, true},
		{"a name with parentheses and spaces", "7 (a) R (b c) Z 3" + tail, stat{"a) R (b c", 'Z', 3, 2500 * time.Millisecond}, true},
		{"a line that is cut off", "7 (sh) S 3 1", stat{}, false},
		{"a parent that is no number", "7 (sh) S x" + tail, stat{}, false},
		{"no parentheses", "7 sh S 3" + tail, stat{}, false},
		{"nothing", "", stat{}, false},
	} {
		got, ok := parseStat([]byte(test.text))
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(stat{})); diff != "" || ok != test.ok {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, ok, diff)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (a) R (b c) Z 3 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 250 1 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, ok := parseStat(text)
		if found.began < 0 || (!ok && found != stat{}) {
			t.Errorf("%+v, %v", found, ok)
		}
	})
}

func FuzzParseNamespace(f *testing.F) {
	f.Add([]byte("Name:\tsh\nNSpid:\t60\t1\nNSpgid:\t60\n"))
	f.Add([]byte("NSpid:\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if nested, init, ok := parseNamespace(text); !ok && (nested || init) {
			t.Errorf("nothing is known, but nested %v, init %v", nested, init)
		}
	})
}
