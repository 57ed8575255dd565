package converge

import (
	"errors"
	"slices"
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
	of     []rule.Wire // the rules, as they were written, whose work it was to do
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

// refuse takes note of a rule that the kernel did not take.
func (c *Converger) refuse(want Want, w rule.Wire, err error) {
	paths, of := want.behind(w)
	r := refusal{err: err, paths: paths, of: of, looked: c.look(paths), at: time.Now()}
	c.refused[w] = r
	if !r.made(w) && !errors.Is(err, kernel.ErrNotFound) {
		c.doubted[w] = true
	}
	c.options.Log.Warn("the kernel did not take a rule", "rule", c.readable(w), "err", err)
}

// reconsider forgets refusals that may be answered differently now. What was made of several rules, and refused, is not made again: those are
// tried apart until there is a new configuration.
func (c *Converger) reconsider(want Want, have Have) {
	if len(c.refused) == 0 && len(c.doubted) == 0 {
		return
	}
	for w := range have.holds() {
		delete(c.doubted, w)
	}
	wanted := want.declared()
	for w, r := range c.refused {
		if r.made(w) && !errors.Is(r.err, kernel.ErrNotFound) {
			continue
		}
		if !slices.ContainsFunc(r.of, func(w rule.Wire) bool { return wanted[w] }) || time.Since(r.at) > patience || c.look(r.paths) != r.looked {
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
