// Package kerneltest helps to test what works on the kernel's audit system: an audit system in memory that keeps the rules of the real one, a
// contract that both must fulfil, and a lock for the tests that touch the real one.
//
// Rules and settings come in as in package kernel, the same answers and errors go out. Memory never touches the kernel; Lock leaves the
// kernel as it found it, also when the test fails. Nothing here ever locks the real audit system.
package kerneltest

import (
	"context"
	"slices"
	"sync"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// Memory is an audit system in memory. It is safe for concurrent use.
type Memory struct {
	mu     sync.Mutex
	root   string
	status kernel.Status
	rules  []loaded
	broken error
	calls  int
}

// loaded is a rule with the directory that it hangs on, nil where it has no path.
type loaded struct {
	wire   rule.Wire
	anchor *anchor
}

// New returns an audit system as after boot: off, without rules, with the kernel's default settings. Paths in rules mean files below root.
func New(root string) *Memory {
	return &Memory{root: root, status: kernel.Status{Failure: 1, BacklogLimit: 64}}
}

// Break makes every later call return err, or work again where err is nil.
func (m *Memory) Break(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

// Changes returns the number of changes of rules and settings that were tried so far.
func (m *Memory) Changes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// Status is kernel.Client.Status.
func (m *Memory) Status() (kernel.Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status, m.broken
}

// Set is kernel.Client.Set.
func (m *Memory) Set(settings kernel.Settings) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.change(); err != nil {
		return err
	}
	for target, value := range map[*uint32]*uint32{
		&m.status.Enabled: settings.Enabled, &m.status.Failure: settings.Failure,
		&m.status.RateLimit: settings.RateLimit, &m.status.BacklogLimit: settings.BacklogLimit,
	} {
		if value != nil {
			*target = *value
		}
	}
	return nil
}

// List is kernel.Client.List.
func (m *Memory) List() ([]rule.Wire, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, m.broken
	}
	m.prune()
	list := make([]rule.Wire, 0, len(m.rules))
	for _, r := range m.rules {
		list = append(list, r.wire)
	}
	slices.SortStableFunc(list, func(a, b rule.Wire) int { return int(listOf(a)) - int(listOf(b)) })
	return list, nil
}

// Add is kernel.Client.Add.
func (m *Memory) Add(w rule.Wire) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.change(); err != nil {
		return err
	}
	m.prune()
	added := loaded{wire: normal(w)}
	first := listOf(w) != flagsOf(w)
	if !first && m.index(added.wire) >= 0 {
		return kernel.ErrExists
	}
	var err error
	if added.anchor, err = m.resolve(w); err != nil {
		return err
	}
	if first {
		m.rules = slices.Insert(m.rules, 0, added)
	} else {
		m.rules = append(m.rules, added)
	}
	return nil
}

// Delete is kernel.Client.Delete.
func (m *Memory) Delete(w rule.Wire) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.change(); err != nil {
		return err
	}
	m.prune()
	i := m.index(normal(w))
	if i < 0 || !m.deletable(w) {
		return kernel.ErrNotFound
	}
	m.rules = slices.Delete(m.rules, i, i+1)
	return nil
}

// Apply is kernel.Apply with the root that New got. The end of ctx and a hopeless error end it early, as there.
func (m *Memory) Apply(ctx context.Context, changes []kernel.Change) []error {
	errs := make([]error, len(changes))
	for i, change := range changes {
		do := m.Add
		if change.Op == kernel.Delete {
			do = m.Delete
		}
		if errs[i] = ctx.Err(); errs[i] == nil {
			errs[i] = do(change.Rule)
		}
	}
	return errs
}

func (m *Memory) change() error {
	m.calls++
	switch {
	case m.broken != nil:
		return m.broken
	case m.status.Enabled == kernel.Locked:
		return kernel.ErrLocked
	default:
		return nil
	}
}

func (m *Memory) index(w rule.Wire) int {
	return slices.IndexFunc(m.rules, func(r loaded) bool { return r.wire == w })
}

// prune drops the rules whose directory is gone.
func (m *Memory) prune() {
	m.rules = slices.DeleteFunc(m.rules, func(r loaded) bool { return r.anchor != nil && r.anchor.gone() })
}
