package pipeline

import (
	"crypto/ed25519"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
	"github.com/nodeaudit/nodeaudit/nodeagent/route"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/stdout"
)

// sinks are the ends of the road. Events come from one goroutine, configurations from another.
type sinks struct {
	options Options
	mu      sync.RWMutex
	lanes   *lanes
	clock   *clock
	places  map[destination]*place
	byName  map[string]*place
	specs   map[string]v1alpha1.AuditSinkSpec
	gone    sink.Report // sums of the places that are no more
	key     ed25519.PrivateKey
	boot    string // the kernel's
	serials serials
	latest  atomic.Pointer[numbers] // that somebody was told
	left    *leftovers
}

func newSinks(options Options, tick func(now time.Time)) *sinks {
	if file, is := options.Stdout.(*os.File); is {
		options.Stdout = stdout.Interruptible(file)
	}
	s := &sinks{options: options, lanes: newLanes(host.New(options.HostRoot), nil), places: map[destination]*place{}, key: chainKey(options)}
	var err error
	if s.boot, err = host.BootID(); err != nil {
		options.Log.Warn("writing accounts without the boot", "err", err)
	}
	s.left = newLeftovers(s)
	resolved, swept := time.Now(), time.Time{}
	s.clock = startClock(func(now time.Time) {
		if now.Sub(swept) >= sweepEvery {
			swept = now
			s.left.sweep(now)
		}
		s.tell(now)
		tick(now)
		if now.Sub(resolved) >= resolveEvery {
			resolved = now
			s.resolve()
		}
	})
	return s
}

// Configure routes events from now on to these sinks. A place whose configuration has not changed goes on; what was offered to one that goes
// is written before its file is closed. Sinks that cannot be opened are tried again and say so in Report.
func (p *Pipeline) Configure(routes []v1alpha1.Route, specs []nodeconfig.Sink) {
	p.sinks.configure(routes, specs)
	p.sinks.left.begin()
}

func (s *sinks) configure(routes []v1alpha1.Route, specs []nodeconfig.Sink) {
	wanted := map[destination]settings{s.defaultPlace(): defaultSettings}
	targets := map[string]destination{nodeconfig.DefaultSink: s.defaultPlace()}
	specOf, named := map[destination]v1alpha1.AuditSinkSpec{}, map[string]v1alpha1.AuditSinkSpec{nodeconfig.DefaultSink: {Type: v1alpha1.SinkTypeFile}}
	for _, spec := range specs {
		target, asked := s.target(spec.Name, spec.Spec)
		named[spec.Name] = spec.Spec
		targets[spec.Name], wanted[target], specOf[target] = target, asked, spec.Spec
	}
	queues := map[string]bool{}
	for target, asked := range wanted {
		if target.kind == elsewhere && !asked.queue.Memory {
			queues[target.file] = true
		}
	}
	// The road waits meanwhile, and the records in its socket: nothing is offered to a place that is being closed.
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes = s.relay(routes)
	s.stop(func(target destination, p *place) bool { return wanted[target] != p.settings })
	s.left.use(queues)
	for target, asked := range wanted {
		if s.places[target] == nil {
			s.places[target] = s.start(target, asked, specOf[target])
		}
		s.update(s.places[target], specOf[target])
	}
	s.byName, s.specs = make(map[string]*place, len(targets)), named
	for name, target := range targets {
		s.byName[name] = s.places[target]
	}
}

// relay returns the lanes of new routes. What routes that end or change have left out is told, to the sinks they had.
func (s *sinks) relay(routes []v1alpha1.Route) *lanes {
	next := s.lanes.next(routes)
	stays := func(l *lane) bool {
		n := next.named(l.route.Name)
		return n != nil && n.shaper == l.shaper
	}
	s.lanes.due(time.Now(), stays, s.told)
	return next
}

// tell sends on what routes have to tell of what they left out.
func (s *sinks) tell(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes.due(now, func(*lane) bool { return true }, s.told)
}

// told gives an event of ours to the sinks of the route that it is about.
func (s *sinks) told(r *route.Route, e *event.Event) {
	e.Node = s.options.NodeName
	s.give(e, r.Sinks, nil)
}

func (s *sinks) resolve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes.table.ResolveUsers(s.lanes.users)
}

// stop ends the places that are chosen, all at a time, and waits until what they were offered is written or given up.
func (s *sinks) stop(chosen func(destination, *place) bool) {
	ending := map[destination]*place{}
	for target, p := range s.places {
		if chosen(target, p) {
			if p.ledger != nil {
				p.ledger.end(s.serials.highest, time.Now())
			}
			p.cancel()
			ending[target] = p
		}
	}
	for target, p := range ending {
		<-p.done
		report := p.report()
		s.gone.DroppedQueue += report.DroppedQueue
		s.gone.DroppedSink += report.DroppedSink
		delete(s.places, target)
	}
}

func (s *sinks) stopAll() {
	s.clock.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes.due(time.Now(), func(*lane) bool { return false }, s.told)
	s.stop(func(destination, *place) bool { return true })
	s.byName = nil
}

// offer gives the event to each of its places once. note, if there is one, is called with the sinks of each route.
func (s *sinks) offer(e *event.Event, note func(sinks []string)) {
	s.mu.Lock() // not for reading: routes count
	defer s.mu.Unlock()
	s.beginLedgers(e.Serial)
	var given [maxSinks]offered
	to := given[:0]
	var through [8]*route.Route
	for _, r := range s.lanes.match(e, time.Now(), through[:0]) {
		to = s.give(e, r.Sinks, to)
		if note != nil {
			note(r.Sinks)
		}
	}
	s.enter(e.Serial, to)
}

// leaveOut takes note of an event that goes nowhere.
func (s *sinks) leaveOut(e *event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beginLedgers(e.Serial)
	s.enter(e.Serial, nil)
}

// offered is a place that was offered an event, and whether it was queued there.
type offered struct {
	place  *place
	queued bool
}

// give offers the event to the places of these sinks to which it has not been offered. A route may name a sink that is not there; its events
// stay on the node.
func (s *sinks) give(e *event.Event, names []string, to []offered) []offered {
	for _, name := range names {
		p := s.byName[name]
		if p == nil {
			p = s.byName[nodeconfig.DefaultSink]
		}
		if p != nil && !slices.ContainsFunc(to, func(o offered) bool { return o.place == p }) {
			to = append(to, offered{p, p.queue.Offer(e)})
		}
	}
	return to
}

// maxSinks is as many as a route may name; more only cost an allocation.
const maxSinks = 16

// report returns the numbers of this moment, or of the one before a change of the configuration that goes on: that may wait for disks and receivers, for
// which nobody who asks should.
func (s *sinks) report() *numbers {
	for range 100 {
		if s.mu.TryRLock() {
			names, places, n := maps.Clone(s.byName), slices.Collect(maps.Values(s.places)), &numbers{sum: s.gone, routes: s.lanes.report()}
			s.mu.RUnlock()
			n.count(names, places) // without the lock, so that the road does not wait for those who ask
			s.latest.Store(n)
			return n
		}
		time.Sleep(time.Millisecond)
	}
	if n := s.latest.Load(); n != nil {
		return n
	}
	return &numbers{}
}

// numbers are those of each sink and route, and the sums of the losses.
type numbers struct {
	sinks  map[string]account
	sum    sink.Report
	routes []v1alpha1.RouteReport
}

func (n *numbers) count(names map[string]*place, places []*place) {
	n.sinks, n.routes = map[string]account{}, n.routes[:min(len(n.routes), maxRoutes)]
	of := make(map[*place]account, len(places))
	for _, p := range places {
		a := p.report()
		of[p] = a
		n.sum.DroppedQueue += a.DroppedQueue
		n.sum.DroppedSink += a.DroppedSink
	}
	for name, p := range names {
		n.sinks[name] = of[p]
	}
}

// Report counts what arrived and what was lost, and says how each sink is. It is safe for concurrent use. Losses of the kernel are not among
// them: the kernel counts those.
func (p *Pipeline) Report() (v1alpha1.EventsReport, []v1alpha1.SinkReport) {
	source := p.source()
	now := p.sinks.report()
	reports, sum := now.sinks, now.sum
	events := v1alpha1.EventsReport{
		Received: p.received.Load(),
		Lost:     v1alpha1.LossReport{Socket: source.Overruns, Gap: p.gaps.Load(), Queue: source.Dropped + sum.DroppedQueue, Sink: sum.DroppedSink},
	}
	tenantRoutes, _ := p.tenants.report()
	events.Routes = append(slices.Clone(now.routes), tenantRoutes...)
	events.Routes = events.Routes[:min(len(events.Routes), maxRoutes)]
	events.LeftQueues = p.sinks.left.report(time.Now())
	return events, sinkReports(reports, source.Err)
}

// TenantSinks says how each sink of a tenant is that has had something to do here. It is safe for concurrent use.
func (p *Pipeline) TenantSinks() []v1alpha1.SinkReport {
	_, reports := p.tenants.report()
	list := sinkReports(reports, p.source().Err)
	return list[:min(len(list), maxTenantSinks)]
}

// maxTenantSinks is as many as a report may have.
const maxTenantSinks = 256

func sinkReports(reports map[string]account, unreceived error) []v1alpha1.SinkReport {
	list := make([]v1alpha1.SinkReport, 0, len(reports))
	for _, name := range slices.Sorted(maps.Keys(reports)) {
		r := reports[name]
		report := v1alpha1.SinkReport{
			Name: name, Written: r.Written, Dropped: r.DroppedQueue + r.DroppedSink, Queued: r.Queued, QueuedBytes: r.waiting, LastError: r.LastError,
		}
		if !r.success.IsZero() {
			report.LastSuccessTime = new(metav1.NewTime(r.success.UTC().Truncate(time.Second)))
		}
		if unreceived != nil {
			report.LastError = "no events are received: " + unreceived.Error()
		}
		report.LastError = limit(report.LastError)
		list = append(list, report)
	}
	return list
}

// source is how the receiver is. Tests have none.
func (p *Pipeline) source() receive.State {
	if p.receiver == nil {
		return receive.State{}
	}
	return p.receiver.State()
}

// limit keeps a text within the API's schema.
func limit(text string) string {
	const most = 1024
	return text[:min(len(text), most)]
}

func logClosing(log *slog.Logger, target destination, err error) {
	if err != nil {
		log.Warn("closing a sink", "sink", target.String(), "err", err)
	}
}
