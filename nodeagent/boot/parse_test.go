package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestShellAssignmentsAreFollowedAndNothingElse(t *testing.T) {
	const unknown = "(unknown)"
	for script, want := range map[string]string{
		"X=audit=1":                "audit=1",
		"X=\"a b\" # remark":       "a b",
		"X='a $Y'":                 "a $Y",
		"Y=1; X=\"a $Y\"":          "a 1",
		"Y=1\nX=a${Y}b":            "a1b",
		"X=a\nX=\"$X b\"":          "a b",
		"X=\"a \\\n b\"":           "a  b",
		"X=a\\ b":                  "a b",
		"X=\"\\\"a\\\" \\$Y \\n\"": `"a" $Y \n`,
		"X=a'b'\"c\"":              "abc",
		"X=$":                      "$",
		"export X=a":               "a",
		"X=a\nexport X":            "a",
		"A=1 X=$A":                 "1",
		"X=#a":                     "#a",
		"X=a#b":                    "a#b",
		"Y=`date`\nX=a":            "a",
		"Y=$(sed 's, release .*$,,g' /etc/x)\nX=a":                                        "a",
		"Y=`( . /etc/os-release; echo ${NAME:-Ubuntu} ) 2>/dev/null || echo Ubuntu`\nX=a": "a",
		"":                               "",
		"X=`date`":                       unknown,
		"X=\"a $(date)\"":                unknown,
		"X=${Y:-a}":                      unknown,
		"X=${Y}":                         "",
		"X=a$1":                          unknown,
		"X=a; X+=b":                      unknown, // dash runs a command named X+=b
		"if true; then X=a; fi":          unknown,
		"X=a\nif [ -f y ]; then X=b; fi": unknown,
		"[ -f y ] && X=a":                unknown,
		"X=a\n. /etc/other":              unknown,
		". /etc/other\nX=a":              "a",
		". /etc/other\nX=\"$X a\"":       unknown,
		"X=a cmd":                        unknown,
		"X=a\nunset X":                   unknown,
		"f() { X=a; }":                   unknown,
		"X=\"a":                          unknown,
		"X='a":                           unknown,
		"X=a\ncat <<EOF\nX=b\nEOF":       unknown,
		"echo hello\nX=a":                "a",
		"case $x in a) X=b;; esac":       unknown,
	} {
		s := newShell()
		s.source(script)
		v := s.get("X")
		got := v.text
		if v.unknown {
			got = unknown
		}
		if got != want {
			t.Errorf("after %q X is %q, want %q", script, got, want)
		}
	}
}

func TestNewerVersionsComeFirst(t *testing.T) {
	for _, order := range [][]string{
		{"m-5.14.0-70.el9", "m-5.14.0-427.el9"},
		{"m-0-rescue", "m-5.14"},
		{"m-6.9", "m-6.10"},
		{"m-6.10~rc1", "m-6.10"},
		{"m-6.10", "m-6.10.1"},
		{"m-6.10.a", "m-6.10.1"},
		{"ostree-1-x", "ostree-2-x"},
		{"m-09", "m-10"},
		{"a", "b"},
	} {
		if compareVersions(order[0], order[1]) >= 0 || compareVersions(order[1], order[0]) <= 0 {
			t.Errorf("%s is not older than %s", order[0], order[1])
		}
	}
	if compareVersions("m-1.0", "m-1.00") != 0 {
		t.Error("leading zeros count")
	}
}

func TestAnEntryFileIsRead(t *testing.T) {
	got := parseSnippet("/x/m-6.9+2-1.conf", []byte("# remark\ntitle\tA B\nversion  6.9\noptions a\noptions  b c\nlinux /k\nlinux /l\nnonsense\n"))
	want := snippet{file: "/x/m-6.9+2-1.conf", id: "m-6.9", title: "A B", version: "6.9", linux: "/l", options: "a b c", hasOptions: true}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(snippet{})); diff != "" {
		t.Error("(-want +got)", diff)
	}
}

func TestFilesAreReadWithinTheRootOnly(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("audit=1"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	put(t, root, "etc/file", "inside")
	put(t, root, "abs", "-> /etc/file")
	put(t, root, "up", "-> ../../../../etc/file")
	put(t, root, "out", "-> "+outside)
	put(t, root, "loop", "-> loop")
	put(t, root, "large", strings.Repeat("x", textLimit+1))
	put(t, root, "dir", "(a directory)\n")
	if err := unix.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/etc/file": "inside", "/abs": "inside", "/up": "inside",
		"/out": "missing", "/none": "missing", "/etc/file/x": "missing",
		"/loop": "error", "/large": "error", "/dir": "error", "/pipe": "error",
	} {
		text, err := Below(root).read(name)
		got := string(text)
		if missing(err) {
			got = "missing"
		} else if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s gives %q (%v), want %q", name, got, err, want)
		}
	}
}

func FuzzShell(f *testing.F) {
	f.Add("X=\"a $Y\" # b\nY=`c`; export X='d'\nif true; then X=${Z:-1}; fi")
	f.Fuzz(func(_ *testing.T, script string) {
		s := newShell()
		s.source(script)
		s.get("X")
	})
}

func FuzzSnippet(f *testing.F) {
	f.Add("m-6.9+3-1.conf", "title A\noptions a\noptions b")
	f.Fuzz(func(_ *testing.T, name, text string) {
		s := parseSnippet(name, []byte(text))
		compareVersions(s.id, s.version)
	})
}

func FuzzExtlinux(f *testing.F) {
	f.Add("default a\nlabel a\n menu label A\n linux /k\n append audit=1\ninclude extlinux.conf")
	root := f.TempDir()
	path := filepath.Join(root, "boot/extlinux/extlinux.conf")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		lookForExtlinux(Below(root))
	})
}

func FuzzZipl(f *testing.F) {
	f.Add("[defaultboot]\ndefault=a\n[a]\nimage=/k\nparameters='x'\n:menu\n1=a")
	f.Fuzz(func(_ *testing.T, text string) { ziplSections("/etc/zipl.conf", text) })
}

func FuzzImage(f *testing.F) {
	f.Add(image(".cmdline: audit=1\n.profile: ID=a\n.cmdline: b"))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(root, "a.efi"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, e := range unifiedImage(Below(root), "/a.efi") {
			if e.Doubt != "" && e.Audit != Unknown {
				t.Errorf("in doubt (%s), but %s", e.Doubt, e.Audit)
			}
		}
	})
}

func FuzzEFIText(f *testing.F) {
	f.Add([]byte("s\x00d\x00\x00\x00"))
	f.Fuzz(func(_ *testing.T, value []byte) { utf16Text(value) })
}
