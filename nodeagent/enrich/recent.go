package enrich

// recent is a map that forgets: of the keys put into it it holds at least the last half of its capacity, and never more than the capacity.
type recent[K comparable, V any] struct {
	half     int
	new, old map[K]V
}

func newRecent[K comparable, V any](capacity int) *recent[K, V] {
	return &recent[K, V]{half: capacity / 2, new: map[K]V{}, old: map[K]V{}}
}

func (r *recent[K, V]) get(key K) (V, bool) {
	if value, ok := r.new[key]; ok {
		return value, true
	}
	value, ok := r.old[key]
	return value, ok
}

func (r *recent[K, V]) put(key K, value V) {
	if _, ok := r.new[key]; !ok && len(r.new) >= r.half {
		r.new, r.old = r.old, r.new
		clear(r.new)
	}
	r.new[key] = value
}
