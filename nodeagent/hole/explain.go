package hole

import (
	"slices"
)

// Report explains what is missing by what was counted, and returns the rest. Nothing is written afterwards.
func (l *Log) Report() Report {
	l.Begin("")
	if l.last != nil {
		l.found.Pending = int64(len(l.pending))
	}
	for i := range l.deficits {
		l.explain(&l.deficits[i])
	}
	return l.found
}

// explain notes what remains of a deficit.
func (s *stretches) explain(d *deficit) {
	paid := int64(0)
	for i := range s.losses {
		l := &s.losses[i]
		if d.gap == 0 {
			break
		}
		if l.count == 0 || !l.isOf(d) {
			continue
		}
		n := min(l.count, d.gap)
		l.count -= n
		d.gap -= n
		paid += n
		d.spans = l.without(d.spans)
	}
	n := min(s.sinkLoss, d.beyond)
	s.sinkLoss -= n
	d.beyond -= n
	d.Count = d.gap + d.beyond
	if d.Count == 0 {
		return
	}
	exact := int64(0)
	for _, span := range d.spans {
		exact += span.Count
	}
	if n == 0 && exact == d.Count {
		s.found.Holes = append(s.found.Holes, d.spans...)
		return
	}
	s.note(d.Hole)
}

// isOf says whether a loss may be about the stretch. What an agent could not say any more about a place that changed, it says in the next one.
func (l *loss) isOf(d *deficit) bool {
	if l.run != d.run && l.run != d.run+1 {
		return false
	}
	return l.before == 0 && l.after == 0 || int32(l.after-d.First) > 0 && int32(l.before-d.Last) < 0
}

// without leaves out the spans that the loss is about.
func (l *loss) without(spans []Hole) []Hole {
	return slices.DeleteFunc(slices.Clone(spans), func(span Hole) bool {
		return int32(span.First-l.before) > 0 && int32(l.after-span.Last) > 0
	})
}
