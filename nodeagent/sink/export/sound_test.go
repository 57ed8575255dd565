package export_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// A power cut leaves pages of a file as they were long ago, or nothing where they should be. The agent goes on with a new file.
func TestAQueueThatAPowerCutHasDamagedIsSetAside(t *testing.T) {
	const page = 4096
	for name, harm := range map[string]func(file []byte) []byte{
		"a page was never written": func(file []byte) []byte { return blank(t, file, page) },
		"the file ends early":      func(file []byte) []byte { return file[:8*page] },
		"only its beginning is there": func(file []byte) []byte {
			clear(file[2*page:])
			return file
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := &world{down: errors.New("away")}
			o := options(dir, quick, w)
			s := export.New(o)
			for n := range uint32(200) {
				write(t, s, numbered(n, 1))
			}
			closing(t, s)
			file := queueFile(t, dir)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, harm(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := export.Look(dir); err == nil {
				t.Error("whoever looks at it sees nothing")
			}
			w.change(func() { w.down = nil })
			s = export.New(o)
			if d := s.Delivery(); !strings.Contains(d.LastError, "damaged and is set aside") {
				t.Errorf("delivery %+v", d)
			}
			write(t, s, numbered(1000, 10))
			eventually(t, "what came after", func() bool { return slices.Contains(w.got(), 1009) })
			closing(t, s)
			if left, err := export.Look(dir); err != nil || left.SetAside != 1 {
				t.Errorf("left %+v, %v", left, err)
			}
		})
	}
}

func queueFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "exporter_*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	return files[0]
}

// blank takes out the last page of the file that has an event in it.
func blank(t *testing.T, file []byte, page int) []byte {
	t.Helper()
	for at := len(file) - page; at > 0; at -= page {
		if bytes.Contains(file[at:at+page], []byte(`"serial":150`)) {
			clear(file[at : at+page])
			return file
		}
	}
	t.Fatal("no page has the event")
	return nil
}
