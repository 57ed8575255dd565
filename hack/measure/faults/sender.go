package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
)

// sender is a process that sends.
type sender struct {
	command *exec.Cmd
	input   io.WriteCloser
	ended   chan struct{}

	mu            sync.Mutex
	first, last   int // numbers that the sink has taken; last is first-1 where it has none
	left, dropped int64
	said          bool // that it has ended in order
}

// sending starts a sender.
func sending(o order) (*sender, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(filepath.Dir(o.Dir), fmt.Sprintf("order-%d", o.First))
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return nil, err
	}
	s := &sender{command: exec.Command(os.Args[0], "-send", name), ended: make(chan struct{}), first: o.First, last: o.First - 1}
	s.command.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.command.Stderr = os.Stderr
	if s.input, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go s.listen(output)
	return s, nil
}

func (s *sender) listen(output io.Reader) {
	defer close(s.ended)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		s.mu.Lock()
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "taken %d", &n); err == nil {
			s.last = n
		} else {
			_, err = fmt.Sscanf(lines.Text(), "end %d %d", &s.left, &s.dropped)
			s.said = err == nil
		}
		s.mu.Unlock()
	}
	_ = s.command.Wait() // it may have been killed
}

// finish lets it send what waits, and ends it.
func (s *sender) finish() error {
	_, _ = io.WriteString(s.input, "\n")
	<-s.ended
	if !s.said {
		return errors.New("an agent has ended by itself, and what it would have sent is not counted")
	}
	return nil
}

// kill ends it as kill -9 does.
func (s *sender) kill() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// freeze stops it where it is.
func (s *sender) freeze() { _ = s.command.Process.Signal(syscall.SIGSTOP) }

func (s *sender) taken() (first, last int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first, s.last
}
