package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestGet(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "outside"), "not a secret of ours")
	d := secret.Dir{Path: filepath.Join(dir, "secrets"), Hint: "make it"}
	write(t, filepath.Join(d.Path, "splunk", "token"), "swordfish\n")
	write(t, filepath.Join(d.Path, "splunk", "empty"), "\n")
	write(t, filepath.Join(d.Path, "splunk", "large"), strings.Repeat("x", 2<<20))
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(d.Path, "splunk", "link")); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		dir       secret.Dir
		ref       secret.Ref
		want, err string
	}{
		"a value without its line feed":       {d, secret.Ref{Name: "splunk", Key: "token"}, "swordfish", ""},
		"a key that is not there":             {d, secret.Ref{Name: "splunk", Key: "other"}, "", "there is no secret splunk/other: make it"},
		"a Secret that is not there":          {d, secret.Ref{Name: "kafka", Key: "token"}, "", "there is no secret kafka/token: make it"},
		"no folder of secrets":                {secret.Dir{Hint: "make it"}, secret.Ref{Name: "splunk", Key: "token"}, "", "make it"},
		"an empty value":                      {d, secret.Ref{Name: "splunk", Key: "empty"}, "", "secret splunk/empty is empty: make it"},
		"a value that is too large":           {d, secret.Ref{Name: "splunk", Key: "large"}, "", "at most"},
		"a link out of the folder":            {d, secret.Ref{Name: "splunk", Key: "link"}, "", "splunk/link"},
		"a name that leads out of the folder": {d, secret.Ref{Name: "..", Key: "outside"}, "", "a dot at its beginning"},
		"a key that leads out of the folder":  {d, secret.Ref{Name: "splunk", Key: "../../outside"}, "", "a name with a slash"},
		"a folder in place of a key":          {d, secret.Ref{Name: "splunk", Key: ".."}, "", "a dot at its beginning"},
	} {
		got, err := test.dir.Get(test.ref)
		if string(got) != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// The kubelet puts a new folder in place of the old one with one rename of a link.
func TestARotationOfTheKubeletChangesTheVersion(t *testing.T) {
	d := secret.Dir{Path: t.TempDir()}
	mount := filepath.Join(d.Path, "splunk")
	write(t, filepath.Join(mount, "..1", "token"), "old")
	write(t, filepath.Join(mount, "..2", "token"), "new")
	for link, target := range map[string]string{"..data": "..1", "token": "..data/token", "next": "..2"} {
		if err := os.Symlink(target, filepath.Join(mount, link)); err != nil {
			t.Fatal(err)
		}
	}
	ref := secret.Ref{Name: "splunk", Key: "token"}
	refs := []secret.Ref{ref, {Name: "splunk", Key: "missing"}}
	before := secret.Version(d, refs)
	if again := secret.Version(d, refs); again != before {
		t.Error("nothing has changed, but the version")
	}
	if err := os.Rename(filepath.Join(mount, "next"), filepath.Join(mount, "..data")); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Get(ref); string(got) != "new" || err != nil {
		t.Errorf("after the rotation: %q, %v", got, err)
	}
	rotated := secret.Version(d, refs)
	write(t, filepath.Join(mount, "missing"), "there")
	if rotated == before || secret.Version(d, refs) == rotated {
		t.Error("the version did not change with a value")
	}
}
