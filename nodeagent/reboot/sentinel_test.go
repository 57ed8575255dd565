package reboot

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const debian = "*** System restart required ***\n"

type files map[string]string

// run is a folder like /run, with these files.
func (f files) run(t *testing.T) Sentinel {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Sentinel{Dir: dir}
}

func (s Sentinel) files(t *testing.T) files {
	t.Helper()
	found := files{}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(s.Dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = string(text)
	}
	return found
}

func TestTheSentinelIsSetAndTakenBack(t *testing.T) {
	for _, row := range []struct {
		name              string
		before, set, then files
	}{
		{
			"where there was nothing nothing stays",
			files{},
			files{required: announcement, packages: mark + "RebootPending\n"},
			files{},
		},
		{
			"what packages have asked for stays",
			files{required: debian, packages: "linux-image-amd64\nlibc6\n"},
			files{required: debian, packages: "linux-image-amd64\nlibc6\n" + mark + "RebootPending\n"},
			files{required: debian, packages: "linux-image-amd64\nlibc6\n"},
		},
		{
			"what somebody has asked for without a reason stays",
			files{required: ""},
			files{required: "", packages: mark + "RebootPending\n"},
			files{required: ""},
		},
		{
			"a last line without an end is not joined to ours",
			files{required: debian, packages: "libc6"},
			files{required: debian, packages: "libc6\n" + mark + "RebootPending\n"},
			files{required: debian, packages: "libc6\n"},
		},
		{
			"our line is there once, with the reason of now",
			files{required: announcement, packages: mark + "BootParameters\n"},
			files{required: announcement, packages: mark + "RebootPending\n"},
			files{},
		},
		{
			"a list of packages without the file is not ours either",
			files{packages: "libc6\n"},
			files{required: announcement, packages: "libc6\n" + mark + "RebootPending\n"},
			files{required: announcement, packages: "libc6\n"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := row.before.run(t)
			for range 2 { // the second time changes nothing
				if err := s.Set("RebootPending"); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(row.set, s.files(t)); diff != "" {
					t.Errorf("set (-want +got):\n%s", diff)
				}
			}
			for range 2 {
				if err := s.Clear(); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(row.then, s.files(t)); diff != "" {
					t.Errorf("taken back (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAPackageThatAsksAfterUsKeepsTheFile(t *testing.T) {
	s := files{}.run(t)
	if err := s.Set("RebootPending"); err != nil {
		t.Fatal(err)
	}
	if s.Others() {
		t.Error("our own file is taken for that of others")
	}
	theirs := files{required: debian, packages: "libc6\n"} // as notify-reboot-required writes it
	for name, text := range theirs {
		file, err := os.OpenFile(filepath.Join(s.Dir, name), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if name == required {
			err = file.Truncate(0)
		}
		if _, w := file.WriteString(text); errors.Join(err, w, file.Close()) != nil {
			t.Fatal(err, w)
		}
	}
	if !s.Others() {
		t.Error("what a package asks for is not seen")
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(theirs, s.files(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheSentinelFollowsNoLinkOutOfItsFolder(t *testing.T) {
	for _, name := range []string{required, packages} {
		s := files{}.run(t)
		victim := filepath.Join(t.TempDir(), "victim")
		if err := os.WriteFile(victim, []byte("precious\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, filepath.Join(s.Dir, name)); err != nil {
			t.Fatal(err)
		}
		_, _ = s.Set("RebootPending"), s.Clear()
		if text, err := os.ReadFile(victim); err != nil || string(text) != "precious\n" {
			t.Errorf("through a link in place of %s: %q, %v", name, text, err)
		}
	}
}

func TestWithoutAFolderNothingIsWritten(t *testing.T) {
	if err := (Sentinel{}).Set("x"); !errors.Is(err, ErrNoDir) {
		t.Errorf("Set: %v", err)
	}
	if err := (Sentinel{}).Clear(); err != nil {
		t.Errorf("Clear: %v", err)
	}
	if err := (Sentinel{Dir: filepath.Join(t.TempDir(), "none")}).Set("x"); err == nil {
		t.Error("a folder that is not there")
	}
}

// FuzzOurs is for whatever stands in the file of package names: what is not ours stays byte by byte, but for a line feed at the end.
func FuzzOurs(f *testing.F) {
	f.Add("libc6\nlinux-image\n")
	f.Add("nodeaudit: x\nlibc6")
	f.Add("\n\n nodeaudit: no\nnodeaudit: RebootPending\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := files{packages: text, required: debian}.run(t)
		if err := s.Set("RebootPending"); err != nil {
			t.Fatal(err)
		}
		if err := s.Clear(); err != nil {
			t.Fatal(err)
		}
		want, got := files{packages: text, required: debian}, s.files(t)
		for _, f := range []files{want, got} {
			f.without()
		}
		if !maps.Equal(want, got) {
			t.Errorf("%q became %q", want, got)
		}
	})
}

// without takes our lines out of a fuzzer's text, and the line feed at its end.
func (f files) without() {
	text := ""
	for _, line := range strings.SplitAfter(f[packages], "\n") {
		if !strings.HasPrefix(line, mark) {
			text += line
		}
	}
	if text = strings.TrimSuffix(text, "\n"); text == "" {
		delete(f, packages)
		return
	}
	f[packages] = text
}
