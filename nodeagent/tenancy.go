package nodeagent

import (
	"context"
	"sync"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// tenancy joins what tenants ask for with whether the node is one that a policy selects: tenants have nothing on others. It takes what is new into use
// in a goroutine of its own, because ending the sinks of a tenant takes seconds, for which nobody should wait.
type tenancy struct {
	use  func(nodeconfig.Tenants)
	news chan struct{}

	mu        sync.Mutex
	asked     *nodeconfig.Tenants // nil while it is not known
	concerned *bool               // nil while it is not known
}

func newTenancy(use func(nodeconfig.Tenants)) *tenancy {
	return &tenancy{use: use, news: make(chan struct{}, 1)}
}

// concern says whether a policy selects the node.
func (t *tenancy) concern(selected bool) { t.change(func() { t.concerned = &selected }) }

// ask says what tenants ask for.
func (t *tenancy) ask(tenants nodeconfig.Tenants) { t.change(func() { t.asked = &tenants }) }

func (t *tenancy) change(what func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what()
	select {
	case t.news <- struct{}{}:
	default: // it is to be looked at already
	}
}

// run follows source until ctx ends.
func (t *tenancy) run(ctx context.Context, source TenantSource) {
	if source == nil {
		return
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { source.Run(ctx, t.ask) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.news:
		}
		if wanted, known := t.wanted(); known {
			t.use(wanted)
		}
	}
}

// wanted is what to use. Silence is no answer: before both are known, queues that an earlier agent has left stay.
func (t *tenancy) wanted() (nodeconfig.Tenants, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked == nil || t.concerned == nil {
		return nodeconfig.Tenants{}, false
	}
	if !*t.concerned {
		return nodeconfig.Tenants{}, true
	}
	return *t.asked, true
}
