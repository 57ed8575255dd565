package ruletest

import "slices"

// Numbers of include/uapi/linux/audit.h, written down once more so that the model does not share a mistake.
const (
	fieldCount = 256

	fieldArch     = 11
	fieldExit     = 103
	fieldSuccess  = 104
	fieldMajor    = 100
	fieldMinor    = 101
	fieldInode    = 102
	fieldPath     = 105
	fieldPerm     = 106
	fieldDir      = 107
	fieldType     = 108
	fieldOwner    = 109
	fieldOwnGroup = 110
	fieldCompare  = 111
	fieldExe      = 112
	fieldAddress  = 113
	fieldArgument = 200
	fieldKey      = 210

	listExit = 4

	opMask         = 0x08000000
	opLess         = 0x10000000
	opGreater      = 0x20000000
	opNotEqual     = 0x30000000
	opEqual        = 0x40000000
	opTest         = 0x48000000
	opLessEqual    = 0x50000000
	opGreaterEqual = 0x60000000
)

func compare(left, op, right uint32) bool {
	switch op {
	case opEqual:
		return left == right
	case opNotEqual:
		return left != right
	case opLess:
		return left < right
	case opLessEqual:
		return left <= right
	case opGreater:
		return left > right
	case opGreaterEqual:
		return left >= right
	case opMask:
		return left&right != 0
	case opTest:
		return left&right == right
	}
	return false
}

// holds is one case of audit_filter_rules.
func (c *condition) holds(e *Event, f *File) bool {
	switch c.field {
	case fieldArch:
		return compare(e.Arch, c.op, c.value)
	case 5, 6, 7, 8:
		return c.group(e)
	case fieldExit:
		return e.Returned && compare(e.Number[fieldExit], c.op, c.value)
	case fieldSuccess:
		wanted := uint32(0)
		if c.value != 0 {
			wanted = 1
		}
		return e.Returned && compare(e.Number[fieldSuccess], c.op, wanted)
	case fieldAddress:
		return e.Address && compare(e.Number[fieldAddress], c.op, c.value)
	case fieldPerm:
		return fulfils(e, c.value) == (c.op == opEqual)
	case fieldExe:
		return slices.Contains(e.Programs, c.name) == (c.op == opEqual)
	case fieldPath:
		return f != nil && slices.Contains(f.Paths, c.name) == (c.op == opEqual)
	case fieldDir:
		return below(e, c.name) == (c.op == opEqual)
	case fieldType:
		return anyFile(e, nil, func(f *File) bool { return f.Mode == c.value }) == (c.op == opEqual)
	case fieldMajor, fieldMinor, fieldInode, fieldOwner, fieldOwnGroup, 19, 20, 21, 22, 23:
		return anyFile(e, f, c.ofFile)
	case fieldCompare:
		return c.two(e, f)
	case 13, 14, 15, 16, 17:
		return (e.Label[c.field] == c.name) == (c.op == opEqual)
	}
	return compare(e.Number[c.field], c.op, c.value)
}

// group is one of the fields for which the kernel also looks at the supplementary groups.
func (c *condition) group(e *Event) bool {
	switch c.op {
	case opEqual:
		return e.Number[c.field] == c.value || slices.Contains(e.Groups, c.value)
	case opNotEqual:
		return e.Number[c.field] != c.value && !slices.Contains(e.Groups, c.value)
	}
	return compare(e.Number[c.field], c.op, c.value)
}

// anyFile asks of the one file, or where that is nil of all.
func anyFile(e *Event, f *File, is func(*File) bool) bool {
	if f != nil {
		return is(f)
	}
	for n := range e.Files {
		if is(&e.Files[n]) {
			return true
		}
	}
	return false
}

func (c *condition) ofFile(f *File) bool {
	switch c.field {
	case fieldMajor:
		return compare(f.Device[0], c.op, c.value) || compare(f.Special[0], c.op, c.value)
	case fieldMinor:
		return compare(f.Device[1], c.op, c.value) || compare(f.Special[1], c.op, c.value)
	case fieldInode:
		return compare(f.Inode, c.op, c.value)
	case fieldOwner:
		return compare(f.User, c.op, c.value)
	case fieldOwnGroup:
		return compare(f.Group, c.op, c.value)
	}
	return (f.Label[c.field] == c.name) == (c.op == opEqual)
}

func below(e *Event, dir Name) bool {
	return anyFile(e, nil, func(f *File) bool { return slices.Contains(f.Dirs, dir) })
}

// two compares two fields: AUDIT_COMPARE_*. Where one is of a file, any file serves; the kernel asks all even for a rule on one.
func (c *condition) two(e *Event, _ *File) bool {
	pair := comparisons[c.value]
	left := e.Number[pair[0]]
	switch pair[1] {
	case fieldOwner:
		return anyFile(e, nil, func(f *File) bool { return compare(left, c.op, f.User) })
	case fieldOwnGroup:
		return anyFile(e, nil, func(f *File) bool { return compare(left, c.op, f.Group) })
	}
	return compare(left, c.op, e.Number[pair[1]])
}

// comparisons are the fields of AUDIT_COMPARE_UID_TO_OBJ_UID, which is 1, and those that follow.
var comparisons = [][2]uint32{
	{},
	{1, fieldOwner},
	{5, fieldOwnGroup},
	{2, fieldOwner},
	{6, fieldOwnGroup},
	{9, fieldOwner},
	{3, fieldOwner},
	{7, fieldOwnGroup},
	{4, fieldOwner},
	{8, fieldOwnGroup},
	{1, 9},
	{1, 2},
	{1, 4},
	{1, 3},
	{9, 4},
	{9, 3},
	{9, 2},
	{2, 3},
	{2, 4},
	{3, 4},
	{5, 6},
	{5, 8},
	{5, 7},
	{6, 8},
	{6, 7},
	{7, 8},
}
