package host

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

var _ rule.Host = (*Root)(nil)

// tree makes a root directory with files, links (-> target) and directories (no content).
func tree(t *testing.T, entries map[string]string) *Root {
	t.Helper()
	root := t.TempDir()
	for name, content := range entries {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		target, link := strings.CutPrefix(content, "-> ")
		var err error
		switch {
		case link:
			err = os.Symlink(target, path)
		case content == "":
			err = os.MkdirAll(path, 0o700)
		default:
			err = os.WriteFile(path, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return New(root)
}

func TestIsDirStaysInTheRoot(t *testing.T) {
	outside := t.TempDir()
	root := tree(t, map[string]string{
		"etc/docker": "", "etc/passwd": "root:x:0:0::/:/bin/sh\n", "abs": "-> /etc/docker", "up": "-> ../../../../etc/docker",
		"outside": "-> " + outside, "loop": "-> loop",
	})
	for path, want := range map[string]bool{
		"/etc/docker": true, "/etc/docker/": true, "/": true, "/etc/passwd": false, "/missing": false,
		"/abs": true, "/up": true, "/outside": false, "/loop": false,
	} {
		if got := root.IsDir(path); got != want {
			t.Errorf("IsDir(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestNamesAreThoseOfTheHost(t *testing.T) {
	root := tree(t, map[string]string{
		"etc/passwd": "root:x:0:0::/:/bin/sh\nchrony:x:994:\n\n# remark\nbad:x:notanumber:\nchrony:x:1:\nshort:x\n",
		"etc/group":  "docker:x:998:alice,bob\n",
	})
	for name, want := range map[string]uint32{"root": 0, "chrony": 994} {
		if got, ok := root.UserID(name); !ok || got != want {
			t.Errorf("UserID(%q) = %d, %v, want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"bad", "short", "docker", ""} {
		if got, ok := root.UserID(name); ok {
			t.Errorf("UserID(%q) = %d, want none", name, got)
		}
	}
	if got, ok := root.GroupID("docker"); !ok || got != 998 {
		t.Errorf("GroupID(docker) = %d, %v, want 998", got, ok)
	}
}

func TestAUserThatIsAddedLaterIsFound(t *testing.T) {
	root := tree(t, map[string]string{"etc/passwd": "root:x:0:\n"})
	if _, ok := root.UserID("new"); ok {
		t.Fatal("found before it was there")
	}
	path := filepath.Join(root.Path(), "etc/passwd")
	if err := os.WriteFile(path+"+", []byte("root:x:0:\nnew:x:1234:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"+", path); err != nil {
		t.Fatal(err)
	}
	if got, ok := root.UserID("new"); !ok || got != 1234 {
		t.Errorf("UserID(new) = %d, %v, want 1234", got, ok)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, ok := root.UserID("new"); ok {
		t.Error("found in a file that is gone")
	}
}

func TestTheRunningKernelIsKnown(t *testing.T) {
	if machine := New("/").Machine(); machine == "" {
		t.Error("no machine")
	}
	one, err := BootID()
	other, _ := BootID()
	if err != nil || len(one) != 36 || one != other {
		t.Errorf("boot ids %q and %q, %v", one, other, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("root:x:0:0::/:/bin/sh\nchrony:x:994:\n")
	f.Fuzz(func(_ *testing.T, text string) { parse(bufio.NewScanner(strings.NewReader(text))) })
}
