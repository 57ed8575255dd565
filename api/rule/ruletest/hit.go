package ruletest

import "slices"

// hit changes an event so that it matches a rule, but for one condition now and then.
func (g *Generator) hit(e *Event, t target) {
	if calls := t.calls[e.Arch]; len(calls) > 0 && g.random.IntN(8) > 0 {
		e.Call = pick(g.random, calls)
	}
	for _, c := range t.conditions {
		if g.random.IntN(10) > 0 {
			g.fulfil(e, c)
		}
	}
}

// fulfil changes what a condition is about.
func (g *Generator) fulfil(e *Event, c condition) {
	switch c.field {
	case fieldArch:
		if slices.Contains(g.arches, c.value) && c.op == opEqual {
			e.Arch = c.value
		}
	case fieldPerm:
		e.Number[fieldArgument+1], e.Number[fieldArgument+2], e.OpenHow = g.random.Uint32N(4), g.random.Uint32N(4), g.random.Uint32N(4)
	case fieldExe:
		if c.op == opEqual {
			e.Programs = append(e.Programs, c.name)
		}
	case fieldPath, fieldDir:
		f := g.one(e)
		if c.field == fieldPath {
			f.Paths = append(f.Paths, c.name)
		} else {
			f.Dirs = append(f.Dirs, c.name)
		}
	case fieldSuccess:
		e.Returned, e.Number[fieldSuccess] = true, g.random.Uint32N(2)
	case fieldCompare:
		g.equal(e, c)
	case fieldMajor, fieldMinor, fieldInode, fieldType, fieldOwner, fieldOwnGroup:
		g.ofFile(g.one(e), c)
	default:
		if c.name < 0 {
			e.Number[c.field] = g.value(c)
		}
		e.Returned, e.Address = e.Returned || c.field == fieldExit, e.Address || c.field == fieldAddress
	}
}

// one is a file of the event, or a new one at its beginning or end: the kernel stops at the first that a rule is on.
func (g *Generator) one(e *Event) *File {
	n := g.random.IntN(len(e.Files) + 2)
	switch {
	case n < len(e.Files):
		return &e.Files[n]
	case n == len(e.Files):
		e.Files = append(e.Files, g.file())
		return &e.Files[len(e.Files)-1]
	}
	e.Files = append([]File{g.file()}, e.Files...)
	return &e.Files[0]
}

// value fulfils a comparison.
func (g *Generator) value(c condition) uint32 {
	switch c.op {
	case opEqual, opLessEqual, opGreaterEqual, opTest, opMask:
		return c.value
	case opLess:
		return c.value - 1
	case opGreater:
		return c.value + 1
	}
	return pick(g.random, g.values[c.field])
}

func (g *Generator) ofFile(f *File, c condition) {
	v := g.value(c)
	switch c.field {
	case fieldMajor:
		f.Device[0] = v
	case fieldMinor:
		f.Device[1] = v
	case fieldInode:
		f.Inode = v
	case fieldType:
		f.Mode = v
	case fieldOwner:
		f.User = v
	case fieldOwnGroup:
		f.Group = v
	}
}

// equal makes two compared fields equal or, as often, leaves them.
func (g *Generator) equal(e *Event, c condition) {
	pair := comparisons[c.value]
	switch {
	case c.op != opEqual || g.random.IntN(2) == 0:
	case pair[1] == fieldOwner:
		g.one(e).User = e.Number[pair[0]]
	case pair[1] == fieldOwnGroup:
		g.one(e).Group = e.Number[pair[0]]
	default:
		e.Number[pair[1]] = e.Number[pair[0]]
	}
}
