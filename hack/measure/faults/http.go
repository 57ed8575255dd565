package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answerer is what a kind of server does with a request. It returns when it has the events, or has not.
type answerer interface {
	answer(k *kept, path string, body []byte) string
}

// serve answers as the kind of server does, which may have written the file out before it was killed.
func serve(listener net.Listener, k *kept, kind, out string) {
	var is answerer
	switch kind {
	case "splunk":
		is = &splunk{}
	case "splunk-acks":
		is = &splunk{acks: true}
	case "bulk":
		is = &bulk{has: known(out)}
	default:
		is = plain{}
	}
	_ = (&http.Server{Handler: &server{k, is}, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

// known is what is in the file.
func known(out string) map[int]bool {
	has := map[int]bool{}
	text, _ := os.ReadFile(out)
	for _, n := range numbers(text) {
		has[n] = true
	}
	return has
}

// server is a receiver of requests.
type server struct {
	kept *kept
	is   answerer
}

// ServeHTTP is http.Handler.ServeHTTP.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
		var reader *gzip.Reader
		if reader, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(reader)
		}
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if text := s.is.answer(s.kept, r.URL.Path, body); text != "" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}

// plain has what it has read.
type plain struct{}

func (plain) answer(k *kept, _ string, body []byte) string { k.add(body); return "" }

// splunk is a collector that has an event in memory for half a second before the indexers have it. With acks it says when they do.
type splunk struct {
	acks bool

	mu      sync.Mutex
	waiting []batch // that no indexer has, the oldest first
	last    int
}

type batch struct {
	id   int
	at   time.Time
	body []byte
}

const indexing = 500 * time.Millisecond

func (s *splunk) answer(k *kept, path string, body []byte) string {
	if strings.HasSuffix(path, "/ack") {
		return s.acknowledge(body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.waiting = append(s.waiting, batch{s.last, time.Now(), body})
	time.AfterFunc(indexing, func() { s.index(k) })
	if s.acks {
		return fmt.Sprintf(`{"text":"Success","code":0,"ackId":%d}`, s.last)
	}
	return `{"text":"Success","code":0}`
}

// index takes over what is old enough, in its order.
func (s *splunk) index(k *kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 && time.Since(s.waiting[0].at) >= indexing {
		k.add(s.waiting[0].body)
		s.waiting = s.waiting[1:]
	}
}

func (s *splunk) acknowledge(body []byte) string {
	var question struct {
		Acks []int `json:"acks"`
	}
	_ = json.Unmarshal(body, &question) // without any it asks for none
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := map[string]bool{}
	for _, id := range question.Acks {
		answer[strconv.Itoa(id)] = id <= s.last && (len(s.waiting) == 0 || id < s.waiting[0].id)
	}
	text, _ := json.Marshal(map[string]any{"acks": answer})
	return string(text)
}

// bulk refuses an id that it has.
type bulk struct {
	mu  sync.Mutex
	has map[int]bool // by number, of which the id is made
}

func (b *bulk) answer(k *kept, _ string, body []byte) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	var items []string
	failed := false
	for i := 0; i+1 < len(lines); i += 2 {
		status := http.StatusCreated
		found := numbers(lines[i+1])
		if len(found) > 0 && b.has[found[0]] {
			status, failed = http.StatusConflict, true
		} else if len(found) > 0 {
			b.has[found[0]] = true
			k.add(lines[i+1])
		}
		items = append(items, fmt.Sprintf(`{"create":{"status":%d}}`, status))
	}
	return fmt.Sprintf(`{"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}
