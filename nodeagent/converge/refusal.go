package converge

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// patience is when a rule that the kernel did not take is tried again although nothing has changed that can be seen from here.
const patience = 10 * time.Minute

// refusal is a rule that the kernel did not take. Trying it again costs a process, so it is done when something has changed.
type refusal struct {
	err    error
	paths  []string
	looked string
	at     time.Time
}

// refusing says that the error is the kernel's answer to this rule, and not one that every rule would have had.
func refusing(err error) bool {
	_, errno := errors.AsType[unix.Errno](err)
	return errors.Is(err, kernel.ErrNotFound) || errno && !errors.Is(err, kernel.ErrUnsupported)
}

// gone says that the rule is not in the kernel after a request to delete it.
func gone(err error) bool { return err == nil || errors.Is(err, kernel.ErrNotFound) }

// harmless says that the rule is where the change should have brought it.
func harmless(op kernel.Op, err error) bool {
	return err == nil || op == kernel.Delete && gone(err) || op == kernel.Add && errors.Is(err, kernel.ErrExists)
}

// refusals are the errors by rule.
func (c *Converger) refusals() map[rule.Wire]error {
	errs := make(map[rule.Wire]error, len(c.refused))
	for w, r := range c.refused {
		errs[w] = r.err
	}
	return errs
}

// reconsider forgets refusals that may be answered differently now.
func (c *Converger) reconsider(want Want) {
	if len(c.refused) == 0 {
		return
	}
	wanted := map[rule.Wire]bool{}
	for _, r := range want.Rules {
		wanted[r.Wire] = true
	}
	for w, r := range c.refused {
		if !wanted[w] || time.Since(r.at) > patience || c.look(r.paths) != r.looked {
			delete(c.refused, w)
		}
	}
}

// look sums up what the kernel would find at the paths of a rule: whether each is a directory, and whether it is in one.
func (c *Converger) look(paths []string) string {
	var seen strings.Builder
	for _, p := range paths {
		for _, place := range []string{p, parent(p)} {
			if c.options.Host.IsDir(place) {
				seen.WriteByte('d')
			} else {
				seen.WriteByte('-')
			}
		}
	}
	return seen.String()
}
