package secret

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// refresh is how old a value may be before it is asked for again.
	refresh = time.Minute
	// again is the shortest time between two questions: there is no value, or a receiver did not take the one that there is.
	again = 5 * time.Second
	// patience is how long one question may take. A sink waits so long at most, and no other one with it.
	patience = 5 * time.Second
)

// ErrDenied marks the answer that there is no such Secret, or that it may not be read: it is not used any more then, whatever was read before.
// Any other error is taken for an API server that is away, and the last values stay in use.
var ErrDenied = errors.New("denied")

// Fetch asks for the data of the Secret of this name.
type Fetch func(ctx context.Context, name string) (map[string][]byte, error)

// Remote is the Secrets of one namespace, which are asked for by their names. What it has read it keeps in memory.
type Remote struct {
	fetch Fetch

	mu    sync.Mutex
	known map[string]*answer
}

var _ Source = (*Remote)(nil)

type answer struct {
	mu    sync.Mutex // guards the rest, and is held while somebody asks
	data  map[string][]byte
	err   error // of the latest question
	asked time.Time
	doubt bool
}

// NewRemote returns a source that knows nothing yet.
func NewRemote(fetch Fetch) *Remote { return &Remote{fetch: fetch, known: map[string]*answer{}} }

// Get is Source.Get. It may wait for the API server, for some seconds.
func (r *Remote) Get(ref Ref) ([]byte, error) {
	a := r.of(ref.Name)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.due(time.Now()) {
		a.ask(r.fetch, ref.Name)
	}
	if a.data == nil {
		return nil, a.err
	}
	value, has := a.data[ref.Key]
	if value = trimmed(value); !has || len(value) == 0 {
		return nil, fmt.Errorf("the Secret %s has no key %s: add it", ref.Name, ref.Key)
	}
	return slices.Clone(value), nil
}

// Doubt is Source.Doubt.
func (r *Remote) Doubt(refs []Ref) {
	for _, ref := range refs {
		a := r.of(ref.Name)
		a.mu.Lock()
		a.doubt = true
		a.mu.Unlock()
	}
}

func (r *Remote) of(name string) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[name] == nil {
		r.known[name] = &answer{}
	}
	return r.known[name]
}

func (a *answer) due(now time.Time) bool {
	age := now.Sub(a.asked)
	return a.asked.IsZero() || age >= refresh || age < 0 || (a.data == nil || a.doubt) && age >= again
}

func (a *answer) ask(fetch Fetch, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	data, err := fetch(ctx, name)
	a.err, a.asked, a.doubt = err, time.Now(), false
	switch {
	case err == nil && data != nil:
		a.data = data
	case err == nil:
		a.data = map[string][]byte{}
	case errors.Is(err, ErrDenied):
		a.data = nil
	}
}
