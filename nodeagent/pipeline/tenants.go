package pipeline

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
)

// tenants are the ends of the road that belong to namespaces, beside those of the platform. Nothing of theirs may hold up the road: what takes time when
// they change is done without the lock that events need, and what their routes cost is bounded.
type tenants struct {
	options Options
	dir     string // of their queues

	configuring sync.Mutex // guards what configure alone uses
	places      map[nodeconfig.TenantKey]*tenantPlace
	dial        dial.Func

	mu      sync.Mutex // guards what events use
	of      map[string]*tenant
	total   allowance
	digest  string                 // of the document that of was made from
	leftOut []v1alpha1.RouteReport // the routes of that document that are not in of
}

// TenantsDir is where the queues of tenants are, in the agent's folder: namespace/name. No sink of the platform has a queue below it.
const TenantsDir = "tenants"

func newTenants(options Options) *tenants {
	t := &tenants{options: options, dir: filepath.Join(options.StateDir, TenantsDir), places: map[nodeconfig.TenantKey]*tenantPlace{}, total: allowance{share: totalShare}}
	if options.TenantSecrets == nil && options.StateDir != "" {
		t.remove(t.dir) // of a time when tenants were let in
	}
	return t
}

// ConfigureTenants has events of namespaces go to their own sinks from now on, beside where the platform's routes send them. A sink that is not among
// them any more loses what waits for it on this node: otherwise names that come and go would fill the disk.
func (p *Pipeline) ConfigureTenants(wanted nodeconfig.Tenants) { p.tenants.configure(wanted) }

func (t *tenants) configure(wanted nodeconfig.Tenants) {
	if t.options.TenantSecrets == nil {
		return
	}
	t.configuring.Lock()
	defer t.configuring.Unlock()
	list, err := allow.New(wanted.Destinations)
	if err != nil {
		t.options.Log.Error("tenants reach nothing: their destinations cannot be read", "bug", true, "err", err)
	}
	t.dial = dial.Fenced(list)
	places, made := map[nodeconfig.TenantKey]*tenantPlace{}, map[string]*tenant{}
	var ending []*tenantPlace
	var leftOut []v1alpha1.RouteReport
	for _, of := range wanted.Tenants {
		wrong := check(of)
		if made[of.Namespace] != nil {
			wrong = "it is there twice"
		}
		if wrong != "" {
			t.options.Log.Error("leaving a tenant out", "bug", true, "namespace", of.Namespace, "reason", wrong)
			leftOut = append(leftOut, unused(of, wrong)...)
			continue
		}
		for _, s := range of.Sinks {
			key := nodeconfig.TenantKey{Namespace: of.Namespace, Name: s.Name}
			before := t.places[key]
			places[key] = t.place(key, s.Spec, wanted.Destinations, before)
			if before != nil && places[key] != before {
				ending = append(ending, before)
			}
		}
		made[of.Namespace] = t.tenant(of, places)
	}
	gone := t.swap(made, places, wanted.Digest, leftOut)
	for _, p := range append(ending, gone...) {
		p.cancel()
	}
	for _, p := range gone {
		<-p.done
	}
	t.purge()
}

// swap takes the new tenants into use, and returns the places that are no more.
func (t *tenants) swap(made map[string]*tenant, places map[nodeconfig.TenantKey]*tenantPlace, digest string, leftOut []v1alpha1.RouteReport) []*tenantPlace {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for namespace, before := range t.of {
		before.end(now, made[namespace])
		if next := made[namespace]; next != nil {
			next.looks = before.looks
		}
	}
	var gone []*tenantPlace
	for key, p := range t.places {
		if places[key] == nil {
			gone = append(gone, p)
		}
	}
	t.of, t.places, t.digest, t.leftOut = made, places, digest, leftOut
	return gone
}

// purge removes the queues of sinks that are not wanted any more, also those that an earlier agent has left.
func (t *tenants) purge() {
	namespaces, _ := os.ReadDir(t.dir) // nothing there is nothing to do
	for _, namespace := range namespaces {
		queues, _ := os.ReadDir(filepath.Join(t.dir, namespace.Name()))
		kept := 0
		for _, queue := range queues {
			if t.places[nodeconfig.TenantKey{Namespace: namespace.Name(), Name: queue.Name()}] != nil {
				kept++
				continue
			}
			t.remove(filepath.Join(t.dir, namespace.Name(), queue.Name()))
		}
		if kept == 0 {
			t.remove(filepath.Join(t.dir, namespace.Name()))
		}
	}
}

func (t *tenants) remove(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		t.options.Log.Warn("removing the queue of a tenant's sink", "dir", dir, "err", err)
	}
}

// offer gives an event to the routes of its own namespace, and to nobody else's.
func (t *tenants) offer(e *event.Event) {
	if !ofPod(e) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if of := t.of[e.Who.Namespace]; of != nil && of.namespace == e.Who.Namespace {
		of.offer(e, time.Now(), &t.total)
	}
}

// ofPod says whether it is a fact that the event comes from a pod, and from which. Where a process was gone and its parent's place is told instead, it
// is mostly right, and not good enough to show an event to somebody else.
func ofPod(e *event.Event) bool {
	return e.Who.Confidence == event.ConfidenceExact && e.Who.PodUID != "" && e.Who.Pod != "" && e.Who.Namespace != ""
}

// tick tells what routes have left out, and what queues have dropped.
func (t *tenants) tick(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, of := range t.of {
		of.tell(now)
	}
}

func (t *tenants) stop() {
	t.configuring.Lock()
	defer t.configuring.Unlock()
	places := t.places
	t.swap(nil, nil, "", nil)
	for _, p := range places {
		p.cancel()
	}
	for _, p := range places {
		<-p.done
	}
}
