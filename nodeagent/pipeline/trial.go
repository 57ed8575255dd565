package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/control"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// mostBy is how long the name of who asks may be.
const mostBy = 128

// TestSink sends one marked event to the sink and says what the receiver answered. To a destination elsewhere it goes past the queue, with the credentials and
// TLS of now; on the node it is written as others are. It is safe for concurrent use, and takes as long as the sink's timeout at most.
func (p *Pipeline) TestSink(ctx context.Context, request control.Request) control.SinkTest {
	name, node := request.TestSink, p.options.NodeName
	result := control.SinkTest{Sink: name, Node: node}
	spec, on, known := p.sinks.named(name)
	if !known {
		result.Error = p.sinks.unknown(name)
		return result
	}
	result.ID, result.Type, result.Waiting = newID(), string(spec.Type), on.report().Queued
	by := strings.ToValidUTF8(request.By[:min(len(request.By), mostBy)], "")
	started := time.Now()
	e := event.Test{ID: result.ID, Sink: name, By: by}.Event(node, started)
	ctx, cancel := context.WithTimeout(ctx, connect.Timeout(&spec))
	defer cancel()
	if on.export != nil {
		tryElsewhere(ctx, &result, &spec, on.export.Target(), e)
	} else {
		p.tryHere(ctx, &result, on, e)
	}
	result.Milliseconds = time.Since(started).Milliseconds()
	p.options.Log.Info("a sink was tested", "sink", name, "by", by, "id", result.ID, "delivered", result.Delivered)
	return result
}

// tryElsewhere sends to the very target that the sink has, with all that this may and may not reach.
func tryElsewhere(ctx context.Context, result *control.SinkTest, spec *v1alpha1.AuditSinkSpec, target export.Target, e *event.Event) {
	sight, err := export.Try(ctx, target, e)
	result.Delivered, result.Address, result.TLS = err == nil, sight.Address, shown(sight.TLS)
	result.Answer = strings.Join(sight.Answers, "; ")
	if silent := connect.Silent(spec); silent != "" && err == nil {
		result.Answer = silent
	}
	if err != nil {
		result.Error = target.Words(err)
	}
}

func shown(c *dial.Certificate) *control.TLS {
	if c == nil {
		return nil
	}
	return &control.TLS{Version: c.Version, Subject: c.Subject, Issuer: c.Issuer, Names: c.Names, NotAfter: c.NotAfter}
}

// tryHere waits until the place has written what was offered before, and the event.
func (p *Pipeline) tryHere(ctx context.Context, result *control.SinkTest, on *place, e *event.Event) {
	if !on.queue.OfferIfRoom(e) {
		result.Error = "its queue is full: " + on.queue.Report().LastError
		return
	}
	before := on.queue.Report()
	until := before.Written + before.DroppedSink + before.Queued
	for now := before; now.Written+now.DroppedSink < until; now = on.queue.Report() {
		select {
		case <-ctx.Done():
			result.Error = "it was not written in time: " + now.LastError
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
	if words := on.queue.Report().LastError; words != "" {
		result.Error = words
		return
	}
	result.Delivered, result.Answer = true, "it was written"
	if on.file != "" {
		result.File = filepath.Join(p.options.LogDir, on.file)
	}
}

// named is the sink's spec and its place.
func (s *sinks) named(name string) (v1alpha1.AuditSinkSpec, *place, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	on := s.byName[name]
	return s.specs[name], on, on != nil
}

// unknown says which sinks there are.
func (s *sinks) unknown(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fmt.Sprintf("no route of this node sends to a sink %q; its sinks are %s", name, strings.Join(slices.Sorted(maps.Keys(s.byName)), ", "))
}

func newID() string {
	var id [6]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}
