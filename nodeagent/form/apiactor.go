package form

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// apiActor writes who, at the API server, had the process started, by the names of the native form. No scheme has a place for somebody who did not do it
// himself and may be the wrong one.
func (o *object) apiActor(e *event.Event) {
	a := e.Who.Actor
	if a == nil {
		return
	}
	at := o.open("actor", '{')
	o.text("confidence", string(a.Confidence))
	o.session(&a.Session)
	list := o.open("candidates", '[')
	for i := range a.Candidates {
		item := o.open("", '{')
		o.session(&a.Candidates[i])
		o.close(item)
	}
	o.close(list)
	o.close(at)
}

func (o *object) session(s *event.Session) {
	o.text("via", s.Via)
	o.text("user", s.User)
	o.texts("groups", s.Groups)
	o.text("impersonatedBy", s.ImpersonatedBy)
	o.texts("sourceIPs", s.SourceIPs)
	o.text("userAgent", s.UserAgent)
	o.text("auditID", s.AuditID)
}

// apiActor has the same as attributes. Of candidates it has the users.
func (l *attributes) apiActor(e *event.Event) {
	a := e.Who.Actor
	if a == nil {
		return
	}
	l.text("audit.actor.confidence", string(a.Confidence))
	l.text("audit.actor.via", a.Via)
	l.text("audit.actor.user", a.User)
	l.text("audit.actor.impersonated_by", a.ImpersonatedBy)
	l.text("audit.actor.audit_id", a.AuditID)
	l.texts("audit.actor.candidates", users(a.Candidates))
}

func users(sessions []event.Session) []string {
	list := make([]string, 0, len(sessions))
	for i := range sessions {
		list = append(list, sessions[i].User)
	}
	return list
}

// appendAPIActor appends the same as words.
func appendAPIActor(b []byte, e *event.Event) []byte {
	a := e.Who.Actor
	if a == nil {
		return b
	}
	b = word(b, " actor=", a.User)
	for _, user := range users(a.Candidates) {
		b = word(b, " actorCandidate=", user)
	}
	b = word(b, " actorImpersonatedBy=", a.ImpersonatedBy)
	b = word(b, " actorVia=", a.Via)
	b = word(b, " actorAuditID=", a.AuditID)
	return word(b, " actorConfidence=", string(a.Confidence))
}
