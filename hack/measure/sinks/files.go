package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// files prints what the sink of type file costs, for a few thousand events again and again: a heap of all of them would cost more than the sink. Nothing waits there: it has no queue. The last one is how the agent has it by itself: with checkpoints, and each
// full file packed and with an index, of which there are ten here.
func files(count, size int, only *regexp.Regexp) error {
	events := sinktest.Events(2560)
	for _, kind := range []struct {
		name             string
		chained, packing bool
	}{{"file", false, false}, {"file, checkpoints", true, false}, {"file, checkpoints, packed, index", true, true}} {
		if !only.MatchString(kind.name) {
			continue
		}
		cell, err := written(events, count, int64(count*size/10), kind.chained, kind.packing)
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		fmt.Printf("%-36s %22s\n", kind.name, cell)
	}
	return nil
}

// written writes the events, 256 at a time as sink.Queue does, and waits until the last file is packed.
func written(events []*event.Event, count int, size int64, chained, packing bool) (string, error) {
	dir, err := os.MkdirTemp("", "nodeaudit-measure-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is below the folder for temporary files
	options := file.Options{Path: "audit.log", Dir: filepath.Join(dir, "log"), MaxSize: size, MaxFiles: 100, Compress: packing}
	if chained {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return "", err
		}
		options.Chain = chain.New(chain.Options{Node: "node-1", File: "audit.log", Key: key, StateDir: filepath.Join(dir, "state")})
	}
	started, used := time.Now(), cpu()
	w, err := file.New(options)
	if err != nil {
		return "", err
	}
	for at := 0; at < count; at += 256 {
		from := at % len(events)
		if err := w.Write(context.Background(), events[from:from+256]); err != nil {
			return "", err
		}
	}
	for packing && !allPacked(options.Dir) {
		time.Sleep(time.Millisecond)
	}
	took, n := time.Since(started), float64(count)
	used = cpu() - used
	return fmt.Sprintf("%.1f µs, %.0f k/s", used.Seconds()*1e6/n, n/took.Seconds()/1000), w.Close()
}

// allPacked says whether no rotated file waits for it.
func allPacked(dir string) bool {
	names, err := filepath.Glob(filepath.Join(dir, "audit.log.*"))
	for _, name := range names {
		if !strings.HasSuffix(name, ".gz") && !strings.HasSuffix(name, ".idx") {
			return false
		}
	}
	return err == nil
}
