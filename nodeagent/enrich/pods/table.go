package pods

import (
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"
)

// keep is how long a pod stays known after its deletion.
const keep = 2 * time.Minute

// table finds records by UID and by hash.
type table struct {
	mu   sync.RWMutex
	rows map[string]*record
	gone []departure // in the order of time
}

// departure is a record of a pod that was deleted.
type departure struct {
	*record
	at time.Time
}

func newTable() *table {
	return &table{rows: map[string]*record{}}
}

func (t *table) get(key string) (*record, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	found, ok := t.rows[key]
	return found, ok
}

// handler keeps the table like the cache of an informer.
func (t *table) handler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc: func(added any) { t.put(added) },
		UpdateFunc: func(old, updated any) {
			// A pod that was deleted and made again while the watch was down comes as an update.
			before, ok := old.(*record)
			if after, same := updated.(*record); ok && same && before.UID != after.UID {
				t.retire(before)
			}
			t.put(updated)
		},
		DeleteFunc: t.retire,
	}
}

func (t *table) put(object any) {
	r, ok := object.(*record)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(r)
}

func (t *table) set(r *record) {
	for _, key := range r.keys() {
		t.rows[key] = r
	}
}

// retire notes that a pod was deleted, in its last state.
func (t *table) retire(object any) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	r, ok := object.(*record)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(r)
	t.gone = append(t.gone, departure{record: r, at: time.Now()})
}

// sweep forgets pods that were deleted long ago. A static pod's hash may be its next object's by then.
func (t *table) sweep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.gone) > 0 && time.Since(t.gone[0].at) >= keep {
		old := t.gone[0]
		t.gone[0] = departure{}
		t.gone = t.gone[1:]
		for _, key := range old.keys() {
			if t.rows[key] == old.record {
				delete(t.rows, key)
			}
		}
	}
}
