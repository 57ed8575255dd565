package main

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// watch knows when each event was offered, and when it arrived at the two destinations that live.
type watch struct {
	offered []atomic.Int64

	mu    sync.Mutex
	times [2][]time.Duration // between the two, by event; 0 where it has not arrived
	left  int
}

func newWatch(events int) *watch {
	return &watch{offered: make([]atomic.Int64, events), times: [2][]time.Duration{make([]time.Duration, events), make([]time.Duration, events)}, left: 2 * events}
}

// result is what the two have seen.
type result struct {
	offering, median, most, worst time.Duration
	dropped, droppedThird         int64
}

func (w *watch) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left == 0
}

func (w *watch) result() result {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Concat(w.times[0], w.times[1])
	slices.Sort(all)
	return result{median: all[len(all)/2], most: all[len(all)*99/100], worst: all[len(all)-1]}
}

var serial = regexp.MustCompile(`"serial":(\d+)`)

// listenAs is one of the two.
func (w *watch) listenAs(place int) (string, func(), error) {
	return listen(func(text []byte) {
		now := time.Now().UnixNano()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, found := range serial.FindAllSubmatch(text, -1) {
			n, err := strconv.Atoi(string(found[1]))
			if err == nil && n < len(w.offered) && w.times[place][n] == 0 {
				w.times[place][n] = time.Duration(now - w.offered[n].Load())
				w.left--
			}
		}
	})
}

// listen is a third that lives. What it sees counts for nothing.
func (w *watch) listen() (string, func(), error) { return listen(func([]byte) {}) }

func listen(take func(text []byte)) (string, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if text, err := io.ReadAll(r.Body); err == nil {
			take(text)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), func() { _ = server.Close() }, nil
}
