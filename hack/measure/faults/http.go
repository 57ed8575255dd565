package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answerer is what a kind of server does with a request. It says which events it has at once.
type answerer interface {
	answer(k *kept, path string, body []byte) string
	// died forgets what was in memory only.
	died()
}

// server is a receiver of requests.
type server struct {
	kept

	kind   func() answerer
	server *http.Server
	is     answerer
}

func web(kind func() answerer) func(string) (receiver, error) {
	if kind == nil {
		kind = func() answerer { return plain{} }
	}
	return func(string) (receiver, error) {
		at, err := free()
		return &server{kept: kept{at: at}, kind: kind, is: kind()}, err
	}
}

func (s *server) start() error {
	listener, err := net.Listen("tcp", s.at)
	if err != nil {
		return err
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go s.server.Serve(listener) //nolint:errcheck // it ends when it is closed
	return nil
}

func (s *server) kill() {
	_ = s.server.Close()
	s.is.died()
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
	if text := s.is.answer(&s.kept, r.URL.Path, body); text != "" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}

// plain has what it has read.
type plain struct{}

func (plain) answer(k *kept, _ string, body []byte) string { k.add(body); return "" }
func (plain) died()                                        {}

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

// died forgets the batches, and what their numbers meant.
func (s *splunk) died() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting, s.last = nil, 0
}

// bulk refuses an id that it has.
type bulk struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (b *bulk) answer(k *kept, _ string, body []byte) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ids == nil {
		b.ids = map[string]bool{}
	}
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	var items []string
	failed := false
	for i := 0; i+1 < len(lines); i += 2 {
		status := http.StatusCreated
		if id := string(lines[i]); b.ids[id] {
			status, failed = http.StatusConflict, true
		} else {
			b.ids[id] = true
			k.add(lines[i+1])
		}
		items = append(items, fmt.Sprintf(`{"create":{"status":%d}}`, status))
	}
	return fmt.Sprintf(`{"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

func (b *bulk) died() {}
