package lint

import (
	"cmp"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Target is what is known of the nodes that rules are for. The zero Target knows nothing, and then nothing is said that depends on it.
type Target struct {
	// Machine is the architecture as uname(2) says it, for example x86_64. Empty is any.
	Machine string
	// Kernel is its version, for example 5.10. Empty is any.
	Kernel string
	// Files is what a node has on its disk. Nil is not known.
	Files Files
}

// Kind is what a path leads to.
type Kind int

const (
	// Missing is nothing.
	Missing Kind = iota
	// Directory is a directory.
	Directory
	// Symlink is a symbolic link, whatever it leads to.
	Symlink
	// Other is a file of any other type.
	Other
)

// Files answers what a path is, below the root of a host. A link in the middle of the path is followed, one at its end is not.
type Files interface {
	// Look returns the kind of the path, and where a symbolic link leads, as a path from the root on.
	Look(path string) (kind Kind, target string)
}

// Rules finds what is doubtful about rules that a node gets together, in this order. machine is as in Target.
func Rules(rules []rule.Rule, machine string) []rule.Problem {
	return Target{Machine: machine}.Rules(rules)
}

// Rules finds what is doubtful about rules that such a node gets together, in this order. The problems are sorted by line.
func (t Target) Rules(rules []rule.Rule) []rule.Problem {
	s := newSet(t, rules)
	for _, check := range []func(*set){
		(*set).unknown, (*set).repeated, (*set).silencing, (*set).hot, (*set).twins, (*set).logins, (*set).paths, (*set).executables, (*set).keyless,
	} {
		check(s)
	}
	found := slices.DeleteFunc(s.found, s.isBeside)
	slices.SortStableFunc(found, func(a, b rule.Problem) int { return cmp.Or(a.Line-b.Line, rank(a.Check)-rank(b.Check)) })
	return found
}
