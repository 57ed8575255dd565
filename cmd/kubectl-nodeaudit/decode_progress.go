package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// progress tells somebody who waits at a terminal how many records have been read.
type progress struct {
	out     *os.File // nil where nobody waits
	records int64
	next    time.Time
	shown   bool
}

const (
	// patience is how long it takes until the first word.
	patience = 2 * time.Second
	// lookEvery is how many records are read between two looks at the clock.
	lookEvery = 1 << 14
)

func newProgress(words io.Writer) *progress {
	p := &progress{next: time.Now().Add(patience)}
	if file, ok := words.(*os.File); ok {
		if _, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS); err == nil {
			p.out = file
		}
	}
	return p
}

func (p *progress) step() {
	p.records++
	if p.out == nil || p.records%lookEvery != 0 {
		return
	}
	if now := time.Now(); now.After(p.next) {
		fmt.Fprintf(p.out, "\r%d records", p.records)
		p.next, p.shown = now.Add(time.Second/5), true
	}
}

// end takes the words away.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.out, "\r\033[K")
	}
}
