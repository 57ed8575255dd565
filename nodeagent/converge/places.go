package converge

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// A rule on a directory stays with the directory when that gets another name: the kernel lists it as before, and another directory of the old
// name is not watched. So the agent notes which directory each of its rules was loaded for, and loads a rule anew for another one.

// fieldDir is AUDIT_DIR of include/uapi/linux/audit.h.
const fieldDir = 107

// directoryOf is the directory that a rule is on, and empty for other rules.
func directoryOf(w rule.Wire) string {
	parts, err := w.Open()
	if err != nil {
		return ""
	}
	i := slices.IndexFunc(parts.Fields, func(p rule.Part) bool { return p.Field == fieldDir })
	if i < 0 {
		return ""
	}
	return parts.Fields[i].Text
}

// identity is that of a directory, where the host knows it as host.Root does.
func identity(h rule.Host, path string) string {
	if known, ok := h.(interface{ Identity(path string) string }); ok {
		return known.Identity(path)
	}
	return ""
}

// place notes for which directories the rules of a plan are about to be loaded.
func (l Ledger) place(h rule.Host, changes []kernel.Change) {
	for _, change := range changes {
		if dir := directoryOf(change.Rule); dir != "" && change.Op == kernel.Add {
			l.Places[dir] = identity(h, dir)
		}
	}
}

// astray are the agent's own rules that watch another directory than the one that has its name now.
func (c *Converger) astray(want Want) map[rule.Wire]bool {
	set := map[rule.Wire]bool{}
	for _, l := range want.Load {
		if l.directory == "" || !c.ledger.Owned[l.Wire] {
			continue
		}
		then, now := c.ledger.Places[l.directory], identity(c.options.Host, l.directory)
		if then != "" && now != "" && then != now {
			set[l.Wire] = true
		}
	}
	return set
}
