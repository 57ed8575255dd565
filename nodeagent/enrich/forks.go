package enrich

import (
	"bytes"
	"strconv"
	"time"
)

// forks counts the processes and threads that the kernel has made since boot. The kernel hands pids out in a row: one comes again only after
// all others.
type forks struct {
	proc   *proc
	count  uint64
	looked time.Time
	pids   uint64 // how many pids there are
}

// noted returns the count of the last look: it is never more than the count of now, so that what is reckoned from it errs on the safe side.
func (f *forks) noted() uint64 { return f.count }

// look reads the count, at most once in a second: on a large machine the kernel needs a millisecond for the file. 0 is unknown.
func (f *forks) look(now time.Time) {
	if age := now.Sub(f.looked); !f.looked.IsZero() && age >= 0 && age < time.Second {
		return
	}
	f.looked = now
	if f.pids == 0 {
		f.pids = f.number("/sys/kernel/pid_max", nil)
	}
	f.count = f.number("/stat", []byte("processes "))
}

// number reads the number behind a word at the beginning of a line.
func (f *forks) number(name string, word []byte) uint64 {
	text, err := f.proc.readFile(f.proc.root + name)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, word); ok {
			count, _ := strconv.ParseUint(string(bytes.TrimSpace(rest)), 10, 64)
			return count
		}
	}
	return 0
}

// fewSince says whether so few were made since then that no pid came again. Half of the pids leaves room for those that are in use and are
// skipped, and for what was made since the last look.
func (f *forks) fewSince(then uint64, now time.Time) bool {
	f.look(now)
	return then > 0 && f.count >= then && f.count-then < f.pids/2
}
