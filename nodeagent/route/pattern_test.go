package route

import (
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		name, pattern, path string
		want                bool
	}{
		{"a path is itself", "/etc/shadow", "/etc/shadow", true},
		{"a path is not what begins so", "/etc/shadow", "/etc/shadow-", false},
		{"a directory is all below it", "/etc/ssh/", "/etc/ssh/keys/a", true},
		{"and itself", "/etc/ssh/", "/etc/ssh", true},
		{"and nothing beside it", "/etc/ssh/", "/etc/sshd", false},
		{"the root is everything", "/", "/etc", true},
		{"a star stays in its directory", "/home/*/.ssh", "/home/a/b/.ssh", false},
		{"a star may be empty", "/home/a*", "/home/a", true},
		{"two stars do not stay", "/home/**/id_*", "/home/a/.ssh/id_rsa", true},
		{"two stars at the end", "/opt/**", "/opt/cni/bin/bridge", true},
		{"two stars may be empty", "/opt/**", "/opt/", true},
		{"a question mark is one character", "/dev/sd?", "/dev/sda", true},
		{"also one of several bytes", "/x?y", "/xäy", true},
		{"a question mark is no slash", "/dev?sda", "/dev/sda", false},
		{"stars try again", "/a*b*c", "/abxbyc", true},
		{"stars in two directories", "*/b*d/**z", "a/bcd/y/z", true},
		{"other signs stand for themselves", "/a[b]*", "/ab", false},
	} {
		p := newPatterns([]string{test.pattern})
		if got := p.fit(test.path); got != test.want {
			t.Errorf("%s: %s on %s is %v", test.name, test.pattern, test.path, got)
		}
	}
}

func TestFilesOfEvents(t *testing.T) {
	for _, test := range []struct {
		name, cwd, file, pattern string
		want                     bool
	}{
		{"a relative name begins at the working directory", "/etc", "shadow", "/etc/shadow", true},
		{"up and down again", "/etc/ssh", "../../etc/./shadow", "/etc/shadow", true},
		{"never above the root", "/", "../../../etc/shadow", "/etc/shadow", true},
		{"double slashes", "/", "//etc///shadow", "/etc/shadow", true},
		{"hidden files are not dots", "/root", "/root/.ssh/..x", "/root/.ssh/..x", true},
		{"a directory with its slash", "/", "/etc/", "/etc/", true},
		{"a directory with its slash as a path", "/", "/etc/", "/etc", true},
		{"the root", "/", "/", "/", true},
		{"the way back to the root", "/etc", "..", "/", true},
		{"without a working directory names are below the root", "", "x", "/x", true},
		{"a very long name", "/" + strings.Repeat("d/", 300), "x", "/d/**/x", true},
		{"no name fits nothing", "/", "", "**", false},
	} {
		p := newPatterns([]string{test.pattern})
		e := &event.Event{Process: event.Process{CWD: test.cwd}, Paths: []event.Path{{Name: test.file}}}
		if got := p.fitFile(e); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// FuzzGlob compares with the regular expression that means the same.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{{"/home/*/.ssh/**", "/home/a/.ssh/x/y"}, {"*a*b", "xaxb"}, {"**a/*b?", "a/a/b/"}, {"?", "ä"}, {"***", "/"}, {"**/*/x", "a/b/x"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(name) || len(pattern) > 200 || len(name) > 500 {
			return
		}
		words := strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`, `\?`, `[^/]`)
		meaning, err := regexp.Compile(`(?s)^` + words.Replace(regexp.QuoteMeta(pattern)) + `$`)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := glob(pattern, name), meaning.MatchString(name); got != want {
			t.Errorf("%q on %q is %v, as %s it is %v", pattern, name, got, meaning, want)
		}
	})
}

// FuzzAbsolute compares with path.Join.
func FuzzAbsolute(f *testing.F) {
	for _, seed := range [][2]string{{"/a", "b"}, {"/a/b", "../.."}, {"", "x/../.."}, {"/", "//x//"}, {"a", "/b/./"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, cwd, name string) {
		if name == "" {
			return
		}
		want := path.Join("/", cwd, name)
		if name[0] == '/' {
			want = path.Clean(name)
		}
		if got := string(absolute(nil, cwd, name)); got != want {
			t.Errorf("%q in %q is %q, want %q", name, cwd, got, want)
		}
		if name[0] == '/' && clean(name) && strings.TrimSuffix(name, "/") != strings.TrimSuffix(want, "/") {
			t.Errorf("%q counts as clean and is %q", name, want)
		}
	})
}
