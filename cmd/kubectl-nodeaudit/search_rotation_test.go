package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
)

// While the agent writes, rotates and packs as fast as it can, each search finds all that was written before it, once, in its order.
func TestASearchIsNotDisturbedByRotation(t *testing.T) {
	for name, compress := range map[string]bool{"packed": true, "plain": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := file.New(file.Options{Path: filepath.Join(dir, "audit.log"), MaxSize: 8 << 10, MaxFiles: 1000, Compress: compress})
			if err != nil {
				t.Fatal(err)
			}
			var written atomic.Int64
			ctx, cancel := context.WithCancel(t.Context())
			var writing sync.WaitGroup
			writing.Go(func() {
				for serial := uint32(1); ctx.Err() == nil && serial < 40_000; serial++ {
					e := &event.Event{
						Time: time.UnixMilli(1_700_000_000_000 + int64(serial)).UTC(), Serial: serial, Type: "SYSCALL", Keys: []string{"k"},
						Who: event.Who{Confidence: event.ConfidenceNone}, Records: []event.Record{{TypeName: "SYSCALL"}},
					}
					if err := w.Write(context.Background(), []*event.Event{e}); err != nil {
						t.Errorf("writing: %v", err)
						return
					}
					written.Store(int64(serial))
					if serial%64 == 0 {
						time.Sleep(time.Millisecond)
					}
				}
			})
			defer func() {
				cancel()
				writing.Wait()
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}()
			for range 12 {
				before := written.Load()
				got := run(t, nil, "", "search", "-k", "k", dir)
				if got.words != "" || before > 0 && got.err != "" {
					t.Fatalf("it says %s %s", got.err, got.words)
				}
				serials := values(got.out, "serial")
				for i, serial := range serials {
					if serial != strconv.Itoa(i+1) {
						t.Fatalf("event %d of %d is %s", i+1, len(serials), serial)
					}
				}
				if int64(len(serials)) < before {
					t.Fatalf("%d events are found of %d that were written before", len(serials), before)
				}
			}
		})
	}
}

func TestFilesAreOpenedAsTheyAreAtOneMoment(t *testing.T) {
	for name, meanwhile := range map[string]func(at func(string) string) error{
		"nothing happens": func(func(string) string) error { return nil },
		"they are rotated": func(at func(string) string) error {
			for _, names := range [][2]string{{"audit.log.2", "audit.log.3"}, {"audit.log.1", "audit.log.2"}, {"audit.log", "audit.log.1"}} {
				if err := os.Rename(at(names[0]), at(names[1])); err != nil {
					return err
				}
			}
			return os.WriteFile(at("audit.log"), []byte("4"), 0o600)
		},
		"one is packed": func(at func(string) string) error {
			if err := os.WriteFile(at("audit.log.1.gz"), []byte("2"), 0o600); err != nil {
				return err
			}
			return os.Remove(at("audit.log.1"))
		},
		"one is replaced": func(at func(string) string) error {
			if err := os.WriteFile(at("new"), []byte("3"), 0o600); err != nil {
				return err
			}
			return os.Rename(at("new"), at("audit.log"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			for i, name := range []string{"audit.log.2", "audit.log.1", "audit.log"} {
				if err := os.WriteFile(at(name), fmt.Append(nil, i+1), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			once := false
			files := openLogs(func(fail func(error)) []string {
				listed := logsOf([]string{dir}, fail)
				if !once {
					if err := meanwhile(at); err != nil {
						t.Fatal(err)
					}
				}
				once = true
				return listed
			}, func(err error) { t.Error(err) })
			defer closeLogs(files)
			var got []byte
			for _, file := range files {
				text, err := io.ReadAll(file)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, text...)
			}
			if want := logged(t, dir); string(got) != want {
				t.Errorf("%q was opened, %q is there", got, want)
			}
		})
	}
}

// logged is what the logs of a directory have that nobody changes.
func logged(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "audit.log*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	slices.Reverse(names)
	all := ""
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
	}
	return all
}
