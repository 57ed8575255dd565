package converge

import (
	"errors"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/optimize"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// Load is a rule that the kernel should hold: one of the policies' own, or what the optimiser made of some.
type Load struct {
	// Wire is its canonical form.
	Wire rule.Wire
	// From are the indices in Want.Rules of those whose work it does.
	From []int
	// Waits says that it waits for its path.
	Waits bool
	// directory is the one that it is on, if any.
	directory string
}

// optimised is a rule set that was optimised, kept because most passes see the same one again.
type optimised struct {
	in  []optimize.Rule
	out optimize.Result
	// directories are those of the rules in out.
	directories []string
}

// optimise fills in what the kernel should hold for the enforced rules. A rule that is there as it was written, and that somebody else put
// there, stays as it is: the kernel would hold both otherwise. So does one that the kernel did not take, and no other rule relies on that.
//
// Rules that wait for their path are optimised with the others. Nothing relies on them wrongly: what is joined with a rule, or dropped for it,
// names the same paths, and waits too. And nothing moves when the path comes.
func (c *Converger) optimise(want *Want, have Have) {
	holds, apart := have.holds(), c.apart()
	var in []optimize.Rule
	var index []int
	for i, r := range want.Rules {
		if r.Err != nil || !r.Enforced {
			continue
		}
		foreign := holds[r.Wire] && !c.ledger.Owned[r.Wire]
		in = append(in, optimize.Rule{Wire: r.Wire, AsWritten: r.AsWritten || foreign, Unsure: c.doubted[r.Wire] || apart[r.Wire]})
		index = append(index, i)
	}
	if !slices.Equal(in, c.optimised.in) {
		c.optimised = optimised{in: in, out: optimize.Rules(in, c.options.Host.Machine())}
		for _, o := range c.optimised.out.Rules {
			c.optimised.directories = append(c.optimised.directories, directoryOf(o.Wire))
		}
	}
	for n, o := range c.optimised.out.Rules {
		l := Load{Wire: o.Wire, Waits: true, directory: c.optimised.directories[n]}
		for _, n := range o.From {
			r := &want.Rules[index[n]]
			r.In = o.Wire
			l.From, l.Waits = append(l.From, index[n]), l.Waits && r.Waits
		}
		want.Load = append(want.Load, l)
	}
}

// held says whether the kernel does what the rule asks for: by the rule itself, or by what the optimiser made of it.
func (c comparison) held(r Rule) bool { return c.holds[r.Wire] || c.holds[r.In] }

// declared are the rules in the kernel that belong to a policy.
func (w Want) declared() map[rule.Wire]bool {
	set := map[rule.Wire]bool{}
	for _, r := range w.Rules {
		set[r.Wire] = true
	}
	for _, l := range w.Load {
		set[l.Wire] = true
	}
	return set
}

// behind returns the rules, as they were written, that a rule in the kernel stands for, and their paths.
func (w Want) behind(wire rule.Wire) (paths []string, of []rule.Wire) {
	for _, r := range w.Rules {
		if r.Wire == wire || r.In == wire {
			paths, of = append(paths, r.Paths...), append(of, r.Wire)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), of
}

// apart are the rules of which the kernel did not take what the optimiser made. They are tried as they were written.
func (c *Converger) apart() map[rule.Wire]bool {
	set := map[rule.Wire]bool{}
	for w, r := range c.refused {
		if r.made(w) && !errors.Is(r.err, kernel.ErrNotFound) {
			for _, written := range r.of {
				set[written] = true
			}
		}
	}
	return set
}

// made says that the rule was not written so, but made by the optimiser.
func (r refusal) made(w rule.Wire) bool { return len(r.of) > 1 || len(r.of) == 1 && r.of[0] != w }

// readable is a rule of the kernel as people write it.
func (c *Converger) readable(w rule.Wire) string {
	return decoded(optimize.Plain(w, c.options.Host.Machine()))
}
