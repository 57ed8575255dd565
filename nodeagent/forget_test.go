package nodeagent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

func TestForgetTakesTheKeyThatSignsLogsAndNothingOfOthers(t *testing.T) {
	for name, test := range map[string]struct {
		others string // a file that is not the agent's
		want   []string
	}{
		"the agent's alone":    {"", nil},
		"beside another's":     {"next-boot.json", []string{"next-boot.json"}},
		"beside another chain": {"chains-of-mine/key.pem", []string{"chains-of-mine", "chains-of-mine/key.pem"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "nodeaudit")
			if _, err := chain.Key(dir); err != nil {
				t.Fatal(err)
			}
			if test.others != "" {
				path := filepath.Join(dir, test.others)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second time there is nothing to forget
				if err := Forget(dir); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(test.want, below(t, dir)); diff != "" {
				t.Errorf("what is left (-want +got):\n%s", diff)
			}
		})
	}
}

// below are the names in a directory, none where it is gone.
func below(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if path != "." {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
