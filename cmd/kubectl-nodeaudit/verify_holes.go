package main

import (
	"maps"
	"slices"

	"github.com/nodeaudit/nodeaudit/nodeagent/hole"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// findingsOf are the holes that nothing harmless makes.
func findingsOf(r hole.Report) []chain.Finding {
	var findings []chain.Finding
	for _, h := range r.Holes {
		if h.IsFinding() {
			findings = append(findings, chain.Finding{From: chain.Place(h.From), To: chain.Place(h.To), Message: h.String()})
		}
	}
	return findings
}

// mostHoles is as many as are printed for people.
const mostHoles = 20

// holesText says what is missing, and what explains it.
func holesText(r hole.Report, note func(format string, args ...any)) {
	if r.Accounts > 0 {
		note("%s of the kernel accounted for: %d are here, %d were left out as routes ask, %d never came, %d found the queue full",
			counted(r.Serials, "serial", "serials"), r.Here, r.LeftOut, r.Gap, r.Dropped)
	}
	if r.Pending > 0 {
		note("%s at the end not accounted for yet", counted(r.Pending, "event is", "events are"))
	}
	for _, place := range slices.Sorted(maps.Keys(r.Counted)) {
		note("the agent had counted a loss of %d (%s)", r.Counted[place], place)
	}
	printed := 0
	for _, h := range r.Holes {
		switch {
		case h.IsFinding():
		case printed == mostHoles:
			note("and more: see -o json")
			return
		default:
			printed++
			note("%s", h.String())
		}
	}
}
