package event

import (
	"bytes"
	"encoding/json"
)

// ActorConfidence says how sure it is that somebody's session at the API server started a process.
type ActorConfidence string

const (
	// ActorHigh means that one session alone can be it, and that the process ran the command that this session asked for.
	ActorHigh ActorConfidence = "high"
	// ActorMedium means that one session alone can be it by its container and time, and the name of the program fits.
	ActorMedium ActorConfidence = "medium"
	// ActorLow means that several can be it, which are the candidates, or that only the time speaks for the one.
	ActorLow ActorConfidence = "low"
)

// Actor is who, at the API server, had a process started in a container.
type Actor struct {
	// Confidence says how sure that is. With ActorLow and Candidates nobody is named beside them.
	Confidence ActorConfidence `json:"confidence"`
	Session
	// Candidates are the sessions that can be it, where there is more than one.
	Candidates []Session `json:"candidates,omitempty"`
}

// Session is a request to the API server that has the runtime start something in a container, or that speaks with what runs there.
type Session struct {
	// Via is how: exec, attach, or debug for a container that was added to a running pod.
	Via string `json:"via,omitempty"`
	// User, Groups and ImpersonatedBy are those of the request. With ImpersonatedBy that user asked in the name of User.
	User           string   `json:"user,omitempty"`
	Groups         []string `json:"groups,omitempty"`
	ImpersonatedBy string   `json:"impersonatedBy,omitempty"`
	// SourceIPs, UserAgent and AuditID are the request's.
	SourceIPs []string `json:"sourceIPs,omitempty"`
	UserAgent string   `json:"userAgent,omitempty"`
	AuditID   string   `json:"auditID,omitempty"`
}

// append appends the JSON form. Few events have an actor, so that it need not be quick.
func (a *Actor) append(b []byte) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(a) != nil { // texts and lists of them can be encoded
		return append(b, "null"...)
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
