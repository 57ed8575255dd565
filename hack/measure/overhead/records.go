package main

import (
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// linger is how long records may be on their way.
const linger = 300 * time.Millisecond

// records collects the keys under which the kernel records one process.
type records struct {
	socket *receive.Socket
	done   chan struct{}
	mu     sync.Mutex
	keys   []string
}

const syscallRecord = 1300

var keyOf = regexp.MustCompile(` key=(?:"([^"]*)"|(\S+))`)

func listen(pid int) (*records, error) {
	socket, err := receive.Open()
	if err != nil {
		return nil, err
	}
	r := &records{socket: socket, done: make(chan struct{})}
	mine := regexp.MustCompile(fmt.Sprintf(` pid=%d `, pid))
	go func() {
		defer close(r.done)
		for {
			record, err := socket.Receive(time.Time{})
			if err != nil {
				return
			}
			if record.Type == syscallRecord && mine.MatchString(record.Data) {
				r.add(record.Data)
			}
		}
	}()
	return r, nil
}

func (r *records) add(data string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := ""
	if found := keyOf.FindStringSubmatch(data); found != nil {
		key = found[1]
	}
	r.keys = append(r.keys, key)
}

// take returns the keys since the last time.
func (r *records) take() []string {
	time.Sleep(linger)
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.keys
	r.keys = nil
	return keys
}

func (r *records) end() {
	_ = r.socket.Close()
	<-r.done
}
