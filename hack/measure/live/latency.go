package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// stamp is the kernel's time of an event in any of the logs.
var stamp = regexp.MustCompile(`\d{10}\.\d{3}|"@timestamp":"[^"]+"`)

// tail reads a log while it grows, and notes how late lines are. It looks each 2 ms and takes the last line of what it finds.
type tail struct {
	stop chan struct{}
	done chan []time.Duration
}

func follow(path string) *tail {
	t := &tail{stop: make(chan struct{}), done: make(chan []time.Duration, 1)}
	go t.run(path)
	return t
}

func (t *tail) run(path string) {
	var late []time.Duration
	defer func() { t.done <- late }()
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	buffer := make([]byte, 4096)
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	size := int64(0)
	for {
		select {
		case <-t.stop:
			return
		case <-ticker.C:
		}
		now := time.Now()
		info, err := file.Stat()
		if err != nil || info.Size() == size {
			continue
		}
		// The first whole line of what is new: it has waited longest.
		n, err := file.ReadAt(buffer, size)
		if size = info.Size(); err != nil && err != io.EOF {
			continue
		}
		if at, ok := timeOf(buffer[:n]); ok {
			late = append(late, now.Sub(at))
		}
	}
}

// timeOf returns the time of the first line.
func timeOf(text []byte) (time.Time, bool) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	found := stamp.Find(line)
	if len(found) == 0 || found[0] == '"' {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(string(found[:10]), 10, 64)
	milliseconds, err2 := strconv.ParseInt(string(found[11:]), 10, 64)
	return time.Unix(seconds, milliseconds*1e6), err == nil && err2 == nil
}

// end returns the median and the 99th percentile.
func (t *tail) end() (median, late time.Duration) {
	close(t.stop)
	all := <-t.done
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}
