package who

import (
	"slices"
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// judge compares what the event road says of a process with what its arguments say.
func (p *Play) judge(e *event.Event) {
	if !slices.Contains(e.Keys, p.key) || len(e.Args) != 3 {
		return
	}
	index, err := strconv.Atoi(e.Args[1])
	result := p.results[enrichtest.Way(e.Args[2])]
	if err != nil || result == nil || index >= len(p.containers.All) {
		return
	}
	if p.Lives != nil {
		p.Lives(e)
	}
	c := p.containers.All[index]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	result.count(&e.Who, e.Who.PodUID == c.PodUID && e.Who.ContainerID == c.ID)
}

func (r *Result) count(who *event.Who, right bool) {
	r.Events++
	switch {
	case right && who.Confidence == event.ConfidenceExact:
		r.Exact++
	case right:
		r.Parent++
	case who.Confidence == event.ConfidenceNone:
		r.Unknown++
	default:
		r.Wrong++
		if who.Confidence == event.ConfidenceExact {
			r.WrongExact++
		}
	}
}
