package host

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestNamesAreThoseOfTheHostsFiles(t *testing.T) {
	root := t.TempDir()
	write := func(file, text string) {
		t.Helper()
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("etc/passwd", "root:x:0:0\nann:x:1000:1000\nbob:x:1064:1000\nno line\n")
	write("etc/group", "wheel:x:1000:\n")
	names := NewNames(root)
	for range 2 { // the second time from what was asked before
		for uid, want := range map[uint32]string{0: "root", 1000: "ann", 1064: "bob", 64: "", 1<<32 - 1: ""} {
			if got := names.User(uid); got != want {
				t.Errorf("User(%d) = %q, want %q", uid, got, want)
			}
		}
	}
	if got := names.Group(1000); got != "wheel" {
		t.Errorf("Group(1000) = %q", got)
	}
	write("etc/passwd", "anna:x:1000:1000\n")
	if err := os.Chtimes(filepath.Join(root, "etc/passwd"), time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if got := names.User(1000); got != "ann" {
		t.Errorf("before Refresh User(1000) = %q", got)
	}
	names.Refresh()
	if got := names.User(1000); got != "anna" {
		t.Errorf("after Refresh User(1000) = %q", got)
	}
	if got := NewNames(t.TempDir()).User(0); got != "" {
		t.Errorf("without files User(0) = %q", got)
	}
}
