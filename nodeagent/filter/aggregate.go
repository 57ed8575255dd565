package filter

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// maxGroups bounds the memory of one aggregation: some 2 MiB, more with long paths. Events beyond go through as they are, so that nothing is
// left out that is not counted.
const maxGroups = 4096

var defaultBy = []v1alpha1.AggregateBy{
	v1alpha1.AggregateByType, v1alpha1.AggregateByKeys, v1alpha1.AggregateBySyscall, v1alpha1.AggregateByResult, v1alpha1.AggregateByExecutable,
	v1alpha1.AggregateByUser, v1alpha1.AggregateByLoginUser, v1alpha1.AggregateByPaths, v1alpha1.AggregateByPod, v1alpha1.AggregateByContainer,
}

// aggregate counts events that are alike. Groups are found by a hash whose seed nobody knows, so nobody can make two different events alike.
type aggregate struct {
	route    string
	interval time.Duration
	by       []v1alpha1.AggregateBy
	seed     maphash.Seed
	groups   map[uint64]*group
	order    []*group // by the beginning of their interval
}

// group is events that are alike, the first of which went through.
type group struct {
	hash        uint64
	like        event.Event // what they have in common
	of          string      // their type, where they have it in common
	since       time.Time   // when its interval began
	firstSerial uint32
	first, last time.Time // of the events
	count       int64     // repetitions, without the first
}

func newAggregate(route string, spec v1alpha1.Aggregate) *aggregate {
	by := spec.By
	if len(by) == 0 {
		by = defaultBy
	}
	return &aggregate{
		route: route, interval: cmp.Or(spec.Interval.Duration, 10*time.Second), by: by,
		seed: maphash.MakeSeed(), groups: map[uint64]*group{},
	}
}

// repeated counts the event if one like it went through in the interval.
func (a *aggregate) repeated(e *event.Event, now time.Time) bool {
	var hash maphash.Hash
	hash.SetSeed(a.seed)
	for _, by := range a.by {
		write(&hash, by, e)
	}
	key := hash.Sum64()
	g := a.groups[key]
	if g == nil {
		if len(a.groups) < maxGroups {
			g = &group{hash: key, like: a.common(e), of: e.Type, since: now, firstSerial: e.Serial, first: e.Time}
			if !slices.Contains(a.by, v1alpha1.AggregateByType) {
				g.of = ""
			}
			a.groups[key] = g
			a.order = append(a.order, g)
		}
		return false
	}
	g.count++
	g.last = e.Time
	return true
}

// due ends the groups whose interval has passed and tells of those that had repetitions.
func (a *aggregate) due(now time.Time, all bool, tell func(*event.Event)) {
	ended := 0
	for _, g := range a.order {
		if !all && now.Sub(g.since) < a.interval {
			break
		}
		ended++
		delete(a.groups, g.hash)
		if g.count > 0 {
			tell(a.summary(g, now))
		}
	}
	a.order = slices.Delete(a.order, 0, ended)
}

func (a *aggregate) summary(g *group, now time.Time) *event.Event {
	e := newEvent(Repeated, now, []pair{
		{"route", a.route},
		{"of", g.of},
		{"count", number(g.count)},
		{"serial", number(int64(g.firstSerial))},
		{"first", stamp(g.first)},
		{"last", stamp(g.last)},
	})
	e.Keys, e.Result, e.Call, e.Process, e.User, e.Paths, e.Who = g.like.Keys, g.like.Result, g.like.Call, g.like.Process, g.like.User, g.like.Paths, g.like.Who
	return e
}

// write puts one part of the event into the hash. Every list ends with its length and every word with a zero, so that no two differ in
// nothing but where a word ends.
func write(hash *maphash.Hash, by v1alpha1.AggregateBy, e *event.Event) {
	word := func(text string) {
		_, _ = hash.WriteString(text) // never an error
		_ = hash.WriteByte(0)
	}
	switch by {
	case v1alpha1.AggregateByType:
		word(e.Type)
	case v1alpha1.AggregateByKeys:
		list(hash, e.Keys)
	case v1alpha1.AggregateBySyscall:
		word(e.Syscall)
	case v1alpha1.AggregateByResult:
		word(string(e.Result))
	case v1alpha1.AggregateByExecutable:
		word(e.Exe)
	case v1alpha1.AggregateByArguments:
		list(hash, e.Args)
	case v1alpha1.AggregateByUser:
		id(hash, e.UID)
	case v1alpha1.AggregateByLoginUser:
		id(hash, e.AUID)
	case v1alpha1.AggregateByPaths:
		word(e.CWD)
		for i := range e.Paths {
			word(e.Paths[i].Name)
		}
		_ = hash.WriteByte(byte(len(e.Paths)))
	case v1alpha1.AggregateByNamespace:
		word(e.Who.Namespace)
	case v1alpha1.AggregateByPod:
		word(e.Who.PodUID)
	case v1alpha1.AggregateByContainer:
		word(e.Who.ContainerID)
	}
}

func list(hash *maphash.Hash, words []string) {
	for _, word := range words {
		_, _ = hash.WriteString(word)
		_ = hash.WriteByte(0)
	}
	_ = hash.WriteByte(byte(len(words)))
}

func id(hash *maphash.Hash, of event.ID) {
	n, present := of.Get()
	var bytes [5]byte
	if present {
		bytes = [5]byte{1, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	}
	_, _ = hash.Write(bytes[:])
}

// common is what all events of the group of e have, copied so that the group does not hold e's memory. Nothing else of e is in it: the
// summary must not say of all what was true of one.
func (a *aggregate) common(e *event.Event) event.Event {
	like := event.Event{Who: event.Who{Confidence: event.ConfidenceNone}}
	for _, by := range a.by {
		switch by {
		case v1alpha1.AggregateByType: // the summary's own type is another one, and has this in a field
		case v1alpha1.AggregateByKeys:
			like.Keys = clones(e.Keys)
		case v1alpha1.AggregateBySyscall:
			like.Syscall = strings.Clone(e.Syscall)
		case v1alpha1.AggregateByResult:
			like.Result = e.Result
		case v1alpha1.AggregateByExecutable:
			like.Exe = strings.Clone(e.Exe)
		case v1alpha1.AggregateByArguments:
			like.Args = clones(e.Args)
		case v1alpha1.AggregateByUser:
			like.UID = e.UID
		case v1alpha1.AggregateByLoginUser:
			like.AUID = e.AUID
		case v1alpha1.AggregateByPaths:
			like.CWD = strings.Clone(e.CWD)
			for i := range e.Paths {
				like.Paths = append(like.Paths, event.Path{Name: strings.Clone(e.Paths[i].Name)})
			}
		case v1alpha1.AggregateByNamespace:
			like.Who.Namespace = e.Who.Namespace
		case v1alpha1.AggregateByPod:
			like.Who.PodUID, like.Who.Pod, like.Who.Namespace, like.Who.Labels = e.Who.PodUID, e.Who.Pod, e.Who.Namespace, e.Who.Labels
		case v1alpha1.AggregateByContainer:
			like.Who.ContainerID, like.Who.Container, like.Who.Image = e.Who.ContainerID, e.Who.Container, e.Who.Image
		}
	}
	if like.Who.Namespace != "" || like.Who.PodUID != "" || like.Who.ContainerID != "" {
		like.Who.Confidence = e.Who.Confidence
	}
	return like
}

func clones(words []string) []string {
	copies := make([]string, len(words))
	for i, word := range words {
		copies[i] = strings.Clone(word)
	}
	return copies
}
