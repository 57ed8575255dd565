package session

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Log holds the sessions of an API server's audit log.
type Log struct {
	byID  map[string]*Session
	byPod map[[2]string][]*Session
}

// maxLine is more than an API server writes for a request.
const maxLine = 16 << 20

// Read adds the sessions of a log: one JSON object a line, as the API server's log backend writes them, or lists as its webhook backend sends them.
// Lines that are neither are counted. It fails only where the log cannot be read.
func (l *Log) Read(in io.Reader) (skipped int, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), maxLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) != nil || (e.Kind != "Event" && e.Kind != "EventList") {
			skipped++
			continue
		}
		for _, one := range append(e.Items, e) {
			if s := one.session(); s != nil {
				l.Add(s)
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return skipped, fmt.Errorf("a line has more than %d bytes: it is no audit log of an API server", maxLine)
	} else if err != nil {
		return skipped, err
	}
	return skipped, nil
}

// Add takes in what is told of a session. It keeps s, and learns from others with the same AuditID.
func (l *Log) Add(s *Session) {
	if known := l.byID[s.AuditID]; known != nil {
		known.Learn(s)
		return
	}
	if l.byID == nil {
		l.byID, l.byPod = map[string]*Session{}, map[[2]string][]*Session{}
	}
	l.byID[s.AuditID] = s
	at := [2]string{s.Namespace, s.Pod}
	l.byPod[at] = append(l.byPod[at], s)
}

// Of are the sessions of a pod.
func (l *Log) Of(namespace, pod string) []*Session { return l.byPod[[2]string{namespace, pod}] }

// Keep forgets the sessions that are not among these.
func (l *Log) Keep(sessions []Session) {
	kept := make(map[string]bool, len(sessions))
	for i := range sessions {
		kept[sessions[i].AuditID] = true
	}
	for id, s := range l.byID {
		if kept[id] {
			continue
		}
		delete(l.byID, id)
		at := [2]string{s.Namespace, s.Pod}
		if l.byPod[at] = slices.DeleteFunc(slices.Clone(l.byPod[at]), func(other *Session) bool { return other == s }); len(l.byPod[at]) == 0 {
			delete(l.byPod, at)
		}
	}
}
