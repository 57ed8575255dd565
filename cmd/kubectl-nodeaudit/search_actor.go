package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// actors reads the audit logs of API servers, and has events joined with them.
func (f *searchFlags) actors(wanted *filter, words io.Writer) error {
	if f.actor != "" {
		if _, err := path.Match(f.actor, ""); err != nil {
			return fmt.Errorf("pattern %s: %w", f.actor, err)
		}
		wanted.add(func(e *event.Event) bool { return isActor(e.Who.Actor, f.actor) })
	}
	if len(f.apiAudit) == 0 {
		return nil
	}
	var log session.Log
	for _, name := range f.apiAudit {
		skipped, err := readAPIAudit(&log, name)
		if err != nil {
			return fmt.Errorf("reading the API server's audit log %s: %w", name, err)
		}
		if skipped > 0 {
			fmt.Fprintf(words, "%s: lines that are no events of audit.k8s.io: %d\n", name, skipped)
		}
	}
	f.join = apiaudit.NewJoiner(&log)
	wanted.query = index.All() // what a process ran first may be in a line that is not searched for
	return nil
}

func readAPIAudit(log *session.Log, name string) (skipped int, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	buffered := bufio.NewReaderSize(file, 1<<16)
	if magic, _ := buffered.Peek(2); string(magic) != "\x1f\x8b" {
		return log.Read(buffered)
	}
	packed, err := gzip.NewReader(buffered)
	if err != nil {
		return 0, err
	}
	return log.Read(packed)
}

// isActor says whether a user had something started, or may have.
func isActor(a *event.Actor, pattern string) bool {
	if a == nil {
		return false
	}
	for _, s := range append(a.Candidates, a.Session) {
		for _, user := range []string{s.User, s.ImpersonatedBy} {
			if is, err := path.Match(pattern, user); user != "" && is && err == nil {
				return true
			}
		}
	}
	return false
}
