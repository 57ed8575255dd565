package nodeagent

import (
	"context"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

const (
	// moment is how long a report waits for what tenants ask for to be in use, so that one that tells of a new policy tells of tenants too. It is short,
	// because ending the sinks of a tenant takes seconds.
	moment = time.Second
	// acknowledgeEvery is the least time between two reports because of tenants alone. A tenant who edits all the time would otherwise have every node
	// write to the API server all the time. The first edit after a while is acknowledged at once.
	acknowledgeEvery = 10 * time.Second
)

// tenancy joins what tenants ask for with whether the node is one that a policy selects: tenants have nothing on others. It takes what is new into use
// in a goroutine of its own, because ending the sinks of a tenant takes seconds, for which nobody should wait.
type tenancy struct {
	source TenantSource // nil where no tenants are let in
	use    func(nodeconfig.Tenants)
	news   chan struct{}
	// switched comes when a report should say that another document is in use.
	switched chan struct{}

	mu        sync.Mutex
	asked     *nodeconfig.Tenants // nil while it is not known
	concerned *bool               // nil while it is not known
	calm      chan struct{}       // closed while all that is known is in use
}

func newTenancy(source TenantSource, use func(nodeconfig.Tenants)) *tenancy {
	return &tenancy{source: source, use: use, news: make(chan struct{}, 1), switched: make(chan struct{}, 1), calm: make(chan struct{})}
}

// concern says whether a policy selects the node.
func (t *tenancy) concern(selected bool) { t.change(func() { t.concerned = &selected }) }

// ask says what tenants ask for.
func (t *tenancy) ask(tenants nodeconfig.Tenants) { t.change(func() { t.asked = &tenants }) }

func (t *tenancy) change(what func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what()
	if t.isCalm() {
		t.calm = make(chan struct{})
	}
	select {
	case t.news <- struct{}{}:
	default: // it is to be looked at already
	}
}

// run follows the source until ctx ends.
func (t *tenancy) run(ctx context.Context) {
	if t.source == nil {
		return
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { t.source.Run(ctx, t.ask) })
	var used, told string // digests
	var last time.Time
	var due <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.news:
			used = t.follow(used)
			if used != told && due == nil {
				due = time.After(time.Until(last.Add(acknowledgeEvery)))
			}
		case <-due:
			told, last, due = used, time.Now(), nil
			select {
			case t.switched <- struct{}{}:
			default: // a report is due anyway
			}
		}
	}
}

// follow takes into use what is wanted, and returns the digest of what is in use then. used is that of what is in use now.
func (t *tenancy) follow(used string) string {
	wanted, known := t.wanted()
	if !known {
		return used
	}
	t.use(wanted)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.news) == 0 && !t.isCalm() {
		close(t.calm)
	}
	return wanted.Digest
}

// settle waits until all that is known is in use, and no longer than a moment.
func (t *tenancy) settle(ctx context.Context) {
	if t.source == nil {
		return
	}
	t.mu.Lock()
	calm := t.calm
	t.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-calm:
	case <-time.After(moment):
	}
}

// isCalm says whether all that is known is in use. It is for who holds the lock.
func (t *tenancy) isCalm() bool {
	select {
	case <-t.calm:
		return true
	default:
		return false
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
