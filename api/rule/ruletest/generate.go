package ruletest

import (
	"math/rand/v2"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Generator makes events near the borders of a rule set: most match one of its rules, or nearly do, and many match several.
type Generator struct {
	random *rand.Rand
	rules  []target
	arches []uint32
	// values are those next to the ones in the rules, by field.
	values [fieldCount][]uint32
	paths  []Name
	dirs   []Name
	exes   []Name
	labels [fieldCount][]Name
}

// target is a rule to be hit.
type target struct {
	*loaded
	calls map[uint32][]uint32 // by architecture
}

// NewGenerator returns a generator for the rules of a set on a machine, with the names with which it was loaded.
func NewGenerator(s *Set, names *Names, m Machine, seed uint64) *Generator {
	g := &Generator{
		random: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // a failure must come again
		arches: []uint32{m.Arch64, m.Arch64, m.Arch64, m.Arch32},
	}
	for _, r := range s.rules {
		g.rules = append(g.rules, target{r, map[uint32][]uint32{m.Arch64: callsOf(r, m.Arch64), m.Arch32: callsOf(r, m.Arch32)}})
		for _, c := range r.conditions {
			g.note(c)
		}
	}
	for field := range g.values {
		g.values[field] = append(g.values[field], 0, 1, 1000, ^uint32(0))
	}
	g.exes = append(g.exes, names.Of("/no/rule/has/this"))
	return g
}

// note keeps the value of a condition and its neighbours.
func (g *Generator) note(c condition) {
	switch c.field {
	case fieldPath:
		g.paths = append(g.paths, c.name)
	case fieldDir:
		g.dirs = append(g.dirs, c.name)
	case fieldExe:
		g.exes = append(g.exes, c.name)
	default:
		if c.name >= 0 {
			g.labels[c.field] = append(g.labels[c.field], c.name)
			return
		}
		g.values[c.field] = append(g.values[c.field], c.value-1, c.value, c.value+1)
	}
}

// callsOf are calls that can hit a rule: some of its mask, and those that its permission can mean.
func callsOf(r *loaded, arch uint32) []uint32 {
	var calls []uint32
	full := r.mask == rule.AllCalls()
	for n := range uint32(rule.MaskWords*32 - 16) {
		switch {
		case !r.mask.Has(n):
		case !full, tables[arch].matters(n), n%64 == 7:
			calls = append(calls, n)
		}
	}
	return calls
}

// matters says that the kernel treats the call in a special way.
func (t table) matters(n uint32) bool {
	return t.class[n] != 0 || t.open[n] || t.openat[n] || t.openat2[n] || t.execve[n] || t.socketcall[n]
}

// Event makes the next event; its memory is that of e.
func (g *Generator) Event(e *Event) {
	g.anything(e)
	if len(g.rules) == 0 {
		return
	}
	for range 1 + g.random.IntN(3) {
		g.hit(e, g.rules[g.random.IntN(len(g.rules))])
	}
}

// anything fills in an event that knows nothing of a rule but its values.
func (g *Generator) anything(e *Event) {
	programs, groups, files := e.Programs[:0], e.Groups[:0], e.Files[:0]
	*e = Event{Arch: pick(g.random, g.arches), Call: g.random.Uint32N(480)}
	if g.random.IntN(50) == 0 {
		e.Call = g.random.Uint32N(2040)
	}
	for field := range uint32(26) {
		e.Number[field] = pick(g.random, g.values[field])
	}
	for field := uint32(fieldArgument); field < fieldArgument+4; field++ {
		e.Number[field] = g.argument(field)
	}
	e.OpenHow = g.random.Uint32N(4)
	e.Returned, e.Address = g.random.IntN(20) > 0, g.random.IntN(4) == 0
	e.Number[fieldExit], e.Number[fieldAddress] = pick(g.random, g.values[fieldExit]), pick(g.random, g.values[fieldAddress])
	e.Number[fieldSuccess] = g.random.Uint32N(2)
	programs = append(programs, pick(g.random, g.exes))
	e.Programs, e.Groups, e.Files = programs, groups, files
	for range g.random.IntN(3) {
		e.Groups = append(e.Groups, pick(g.random, g.values[5+g.random.IntN(4)]))
	}
	for field := 13; field < 18; field++ {
		if len(g.labels[field]) > 0 {
			e.Label[field] = pick(g.random, g.labels[field])
		}
	}
	for range g.random.IntN(3) {
		e.Files = append(e.Files, g.file())
	}
}

// argument is a value near those of rules, or flags of open.
func (g *Generator) argument(field uint32) uint32 {
	if g.random.IntN(2) == 0 {
		return g.random.Uint32N(4)
	}
	return pick(g.random, g.values[field])
}

// file is any file: perhaps one of several names, perhaps in directories that do not show in its name.
func (g *Generator) file() File {
	f := File{
		Inode: pick(g.random, g.values[fieldInode]), User: pick(g.random, g.values[fieldOwner]), Group: pick(g.random, g.values[fieldOwnGroup]),
		Device:  [2]uint32{pick(g.random, g.values[fieldMajor]), pick(g.random, g.values[fieldMinor])},
		Special: [2]uint32{pick(g.random, g.values[fieldMajor]), pick(g.random, g.values[fieldMinor])},
		Mode:    pick(g.random, g.values[fieldType]),
	}
	for range 2 {
		if len(g.paths) > 0 && g.random.IntN(2) == 0 {
			f.Paths = append(f.Paths, pick(g.random, g.paths))
		}
		if len(g.dirs) > 0 && g.random.IntN(2) == 0 {
			f.Dirs = append(f.Dirs, pick(g.random, g.dirs))
		}
	}
	for field := 19; field < 24; field++ {
		if len(g.labels[field]) > 0 {
			f.Label[field] = pick(g.random, g.labels[field])
		}
	}
	return f
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }
