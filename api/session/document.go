package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bounds of a Document.
const (
	// MaxSessions is how many it has at most.
	MaxSessions = 256
	// MaxBytes is how long they may be together, as JSON.
	MaxBytes = 256 << 10
	// MaxAge is how long after its beginning a session is forgotten.
	MaxAge = 12 * time.Hour
	// Linger is how long after its end one of exec or attach is.
	Linger = 5 * time.Minute
	// ahead is how far the clock of an API server may be ahead.
	ahead = time.Minute
)

// Bounds of what a session tells: more than any API server takes for a name, and enough for users of OpenID Connect.
const (
	maxName       = 512
	maxID         = 128
	maxContainers = 64
)

// DocumentVersion is the latest version of the document.
const DocumentVersion = 1

// DocumentKey is the key of the document in a ConfigMap.
const DocumentKey = "sessions.json"

// Document is what the controller tells the agent of a node: the sessions of that node's pods.
type Document struct {
	// Version is that of the document.
	Version int `json:"version"`
	// Node is whose it is.
	Node string `json:"node"`
	// Sessions are ordered by Begin.
	Sessions []Session `json:"sessions,omitempty"`
	// Lost is when the last session began for which there was no room, or of which the controller could not tell. Nobody can be sure that a session of the time before was the only one.
	Lost time.Time `json:"lost,omitzero"`
}

// Fits says whether a session is one that a document can have at that time. What is too long is left out rather than cut: a part of a name is another one.
func (s *Session) Fits(now time.Time) bool {
	for _, name := range append([]string{s.User, s.ImpersonatedBy, s.Namespace, s.Pod}, s.Containers...) {
		if len(name) > maxName {
			return false
		}
	}
	return !s.Refused && s.AuditID != "" && len(s.AuditID) <= maxID && s.User != "" && s.Namespace != "" && s.Pod != "" && len(s.Containers) <= maxContainers &&
		(s.Via == Exec || s.Via == Debug || s.Via == Attach) && len(s.Comm) <= maxName && len(s.Command) <= maxID &&
		s.Begin.Before(now.Add(ahead)) && !s.Over(now)
}

// Over says that no process can be expected of a session any more, and none whose actor is not known.
func (s *Session) Over(now time.Time) bool {
	return now.Sub(s.Begin) > MaxAge || (s.Via != Debug && !s.End.IsZero() && now.Sub(s.End) > Linger)
}

// Add takes a session in, or what another stage tells of one.
func (d *Document) Add(s *Session) {
	at := slices.IndexFunc(d.Sessions, func(known Session) bool { return known.AuditID == s.AuditID })
	if at >= 0 {
		d.Sessions[at].Learn(s)
		return
	}
	kept := *s
	kept.Groups, kept.SourceIPs, kept.UserAgent = nil, nil, ""
	d.Sessions = append(d.Sessions, kept)
}

// Trim forgets what is over, and of what is too much the oldest.
func (d *Document) Trim(now time.Time) {
	d.Sessions = slices.DeleteFunc(d.Sessions, func(s Session) bool { return !s.Fits(now) })
	slices.SortStableFunc(d.Sessions, func(a, b Session) int { return a.Begin.Compare(b.Begin) })
	first := max(0, len(d.Sessions)-MaxSessions)
	for i, size := len(d.Sessions)-1, 0; i >= first; i-- {
		text, _ := json.Marshal(&d.Sessions[i]) // it has nothing that cannot be written but times, which Fits has looked at
		if size += len(text); size > MaxBytes {
			first = i + 1
		}
	}
	if first > 0 && d.Lost.Before(d.Sessions[first-1].Begin) {
		d.Lost = d.Sessions[first-1].Begin
	}
	d.Sessions = slices.Delete(d.Sessions, 0, first)
	if now.Sub(d.Lost) > MaxAge {
		d.Lost = time.Time{}
	}
}

// Empty says that it tells nothing.
func (d *Document) Empty() bool { return len(d.Sessions) == 0 && d.Lost.IsZero() }

// Encode returns the data of a ConfigMap.
func (d *Document) Encode() (map[string]string, error) {
	d.Version = DocumentVersion
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding sessions: %w", err)
	}
	return map[string]string{DocumentKey: string(text)}, nil
}

var errVersion = errors.New("document is of a later version: update the agent")

// Decode reads the data of a ConfigMap. What cannot be a session is left out.
func Decode(data map[string]string, now time.Time) (Document, error) {
	var d Document
	if len(data[DocumentKey]) > 4*MaxBytes {
		return Document{}, fmt.Errorf("key %s: it has %d bytes, which no controller writes", DocumentKey, len(data[DocumentKey]))
	}
	if err := json.Unmarshal([]byte(data[DocumentKey]), &d); err != nil {
		return Document{}, fmt.Errorf("key %s: %w", DocumentKey, err)
	}
	if d.Version > DocumentVersion {
		return Document{}, fmt.Errorf("key %s: version %d: %w", DocumentKey, d.Version, errVersion)
	}
	d.Trim(now)
	return d, nil
}
