package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// tenantQueueSize is how many events may wait in memory for one sink of a tenant, on their way to its queue on disk.
const tenantQueueSize = 512

// tenantPlace is one sink of a tenant, with its queue, which runs. It opens nothing before there is something to send, for most nodes have no pod of the
// namespace.
type tenantPlace struct {
	key      nodeconfig.TenantKey
	dir      string
	settings export.Settings
	spec     []byte // with the destinations that are allowed
	queue    *sink.Queue
	cancel   context.CancelFunc
	done     chan struct{}
	said     sink.Report
	unsaid   event.Hole

	mu     sync.Mutex // guards what follows
	target export.Target
	export *export.Sink
}

// place returns the one before where it does what is wanted, with a new target where that has changed. Otherwise it makes a new one, which takes up the
// queue when the one before has let go of it.
func (t *tenants) place(key nodeconfig.TenantKey, spec v1alpha1.AuditSinkSpec, destinations []allow.Destination, before *tenantPlace) *tenantPlace {
	settings, text := connect.Settings(&spec), identity(spec, destinations)
	settings.Memory = false
	if before != nil && before.settings == settings {
		if !bytes.Equal(before.spec, text) {
			before.spec = text
			before.update(t.aim(key, spec))
		}
		return before
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &tenantPlace{
		key: key, dir: filepath.Join(t.dir, key.Namespace, key.Name), settings: settings, spec: text, target: t.aim(key, spec), cancel: cancel,
		done: make(chan struct{}),
	}
	p.queue = sink.NewQueue(key.String(), toDisk{p, t.options}, tenantQueueSize)
	after := make(chan struct{})
	close(after)
	if before != nil {
		after = before.done
	}
	go func() {
		defer close(p.done)
		<-after
		if _, err := os.Stat(p.dir); err == nil { // an earlier agent has left something there
			p.open(t.options)
		}
		if err := p.queue.Run(ctx); err != nil {
			t.options.Log.Warn("closing a sink", "sink", key.String(), "err", err)
		}
	}()
	return p
}

// identity is equal for what is to be opened alike.
func identity(spec v1alpha1.AuditSinkSpec, destinations []allow.Destination) []byte {
	text, err := json.Marshal(struct {
		Spec         v1alpha1.AuditSinkSpec
		Destinations []allow.Destination
	}{spec, destinations})
	if err != nil { // it came as JSON
		return nil
	}
	return text
}

// aim is where the spec's events go: with the namespace's own Secrets, and no further than tenants may reach.
func (t *tenants) aim(key nodeconfig.TenantKey, spec v1alpha1.AuditSinkSpec) export.Target {
	asked, err := form.Named(string(formatOf(spec)))
	if err != nil {
		t.options.Log.Warn("writing the native form", "sink", key.String(), "err", err)
	}
	return connect.Target(spec, asked, connect.Surroundings{
		Node: t.options.NodeName, HostRoot: t.options.HostRoot, Secrets: t.options.TenantSecrets(key.Namespace), Dial: t.dial, Tenant: true,
	})
}

// open opens the queue on disk, once.
func (p *tenantPlace) open(options Options) *export.Sink {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.export == nil {
		p.export = export.New(export.Options{Name: p.key.String(), Dir: p.dir, Settings: p.settings, Target: p.target, Log: options.Log})
	}
	return p.export
}

// toDisk is the way from a place's queue in memory to that on disk, which it opens with the first events.
type toDisk struct {
	place   *tenantPlace
	options Options
}

// Write is sink.Writer.Write.
func (d toDisk) Write(ctx context.Context, events []*event.Event) error {
	return d.place.open(d.options).Write(ctx, events)
}

// Close is sink.Writer.Close.
func (d toDisk) Close() error {
	d.place.mu.Lock()
	defer d.place.mu.Unlock()
	if d.place.export == nil {
		return nil
	}
	return d.place.export.Close()
}

// update sends on what waits, and what comes, where a new spec wants it.
func (p *tenantPlace) update(target export.Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	if p.export != nil {
		p.export.Update(target)
	}
}

// report says what became of the place's events, and whether there were any.
func (p *tenantPlace) report() (account, bool) {
	p.mu.Lock()
	opened := p.export
	p.mu.Unlock()
	a := (&place{queue: p.queue, export: opened}).report()
	return a, opened != nil || a.Written+a.Queued+a.DroppedQueue+a.DroppedSink > 0
}

// tellLosses says in the stream what the stream lacks.
func (p *tenantPlace) tellLosses(node string, now time.Time) {
	report, busy := p.report()
	if lost := report.DroppedQueue - p.said.DroppedQueue; busy && lost > 0 {
		p.unsaid.Join(event.Hole{Where: event.LossQueue, Count: lost, Since: now, Sink: p.key.String()})
	}
	p.said = report.Report
	if p.unsaid.Count > 0 && p.queue.OfferIfRoom(p.unsaid.Event(node, now)) {
		p.unsaid = event.Hole{}
	}
}
