package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/index"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// fill writes the files of a test: name to content.
func fill(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// contents returns the files of a directory: name to content, unpacked, without indexes.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, index.Suffix) {
			continue
		}
		files[name] = string(content(t, filepath.Join(dir, name)))
	}
	return files
}

func TestRotation(t *testing.T) {
	events := sinktest.Events(4)
	line := func(i int) string { return string(sinktest.Lines(t, events[i:i+1])) }
	size := int64(len(line(1)))
	for name, test := range map[string]struct {
		maxSize  int64
		maxFiles int
		compress bool
		before   map[string]string
		batches  [][]*event.Event
		want     map[string]string
	}{
		"a batch that fits exactly stays": {
			maxSize: 2 * size, maxFiles: 3, batches: [][]*event.Event{events[1:2], events[2:3]},
			want: map[string]string{"audit.log": line(1) + line(2)},
		},
		"a batch that does not fit begins a new file whole": {
			maxSize: 3*size - 1, maxFiles: 3, batches: [][]*event.Event{events[1:2], events[2:4]},
			want: map[string]string{"audit.log.1": line(1), "audit.log": line(2) + line(3)},
		},
		"a batch larger than a file fills several": {
			maxSize: size, maxFiles: 3, batches: [][]*event.Event{events[1:4]},
			want: map[string]string{"audit.log.2": line(1), "audit.log.1": line(2), "audit.log": line(3)},
		},
		"an event larger than a file has one for itself": {
			maxSize: 10, maxFiles: 3, batches: [][]*event.Event{events[1:2], events[2:3]},
			want: map[string]string{"audit.log.1": line(1), "audit.log": line(2)},
		},
		"the oldest goes when there are too many": {
			maxSize: 10, maxFiles: 2, batches: [][]*event.Event{events[:4]},
			want: map[string]string{"audit.log.2": line(1), "audit.log.1": line(2), "audit.log": line(3)},
		},
		"rotated files are packed": {
			maxSize: size, maxFiles: 3, compress: true, batches: [][]*event.Event{events[1:4]},
			want: map[string]string{"audit.log.2.gz": line(1), "audit.log.1.gz": line(2), "audit.log": line(3)},
		},
		"rotation goes on where an earlier run stopped": {
			maxSize: 10, maxFiles: 3, before: map[string]string{"audit.log": "c\n", "audit.log.1": "b\n", "audit.log.2": "a\n"},
			batches: [][]*event.Event{events[1:2]},
			want:    map[string]string{"audit.log.3": "a\n", "audit.log.2": "b\n", "audit.log.1": "c\n", "audit.log": line(1)},
		},
		"a gap that a crash left is filled before anything goes": {
			maxSize: 10, maxFiles: 3, before: map[string]string{"audit.log": "c\n", "audit.log.1": "b\n", "audit.log.3": "a\n"},
			batches: [][]*event.Event{events[1:2]},
			want:    map[string]string{"audit.log.3": "a\n", "audit.log.2": "b\n", "audit.log.1": "c\n", "audit.log": line(1)},
		},
		"what a crash left is packed, and its temporary file removed": {
			maxSize: 1 << 20, maxFiles: 3, compress: true,
			before: map[string]string{"audit.log.1": "b\n", "audit.log.2": "a\n", ".audit.log.gz.tmp": "half of"},
			want:   map[string]string{"audit.log.1.gz": "b\n", "audit.log.2.gz": "a\n", "audit.log": ""},
		},
		"a torn last line is ended": {
			maxSize: 1 << 20, maxFiles: 3, before: map[string]string{"audit.log": "{}\n{\"time\":"},
			batches: [][]*event.Event{events[1:2]},
			want:    map[string]string{"audit.log": "{}\n{\"time\":\n" + line(1)},
		},
		"files beyond a smaller number are removed": {
			maxSize: 1 << 20, maxFiles: 1, before: map[string]string{"audit.log.1": "c\n", "audit.log.2": "b\n", "audit.log.30": "a\n"},
			want: map[string]string{"audit.log.1": "c\n", "audit.log": ""},
		},
		"files of others are left alone": {
			maxSize: 10, maxFiles: 1,
			before: map[string]string{
				"audit.log": "c\n", "audit.log.20240101": "x", "audit.log.01": "x", "audit.log.1.xz": "x", "audit.log.old": "x",
				"docker.log.2": "x", ".docker.log.gz.tmp": "x",
			},
			batches: [][]*event.Event{events[1:2]},
			want: map[string]string{
				"audit.log.1": "c\n", "audit.log": line(1), "audit.log.20240101": "x", "audit.log.01": "x", "audit.log.1.xz": "x",
				"audit.log.old": "x", "docker.log.2": "x", ".docker.log.gz.tmp": "x",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				fill(t, dir, test.before)
				w := open(t, Options{Path: "audit.log", Dir: dir, MaxSize: test.maxSize, MaxFiles: test.maxFiles, Compress: test.compress})
				for _, batch := range test.batches {
					write(t, w, batch)
				}
				synctest.Wait() // the packing is done
				closing(t, w)
				if diff := cmp.Diff(test.want, contents(t, dir)); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
			})
		})
	}
}
