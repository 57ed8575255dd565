package lint

// Lists, fields and operators of include/uapi/linux/audit.h.
const (
	listUser    = 0
	listTask    = 1
	listExit    = 4
	listExclude = 5
	listURing   = 7

	fieldUID     = 1
	fieldAuid    = 9
	fieldPers    = 10
	fieldArch    = 11
	fieldMsgtype = 12
	fieldSession = 25
	fieldInode   = 102
	fieldExit    = 103
	fieldSuccess = 104
	fieldPath    = 105
	fieldPerm    = 106
	fieldDir     = 107
	fieldType    = 108
	fieldExe     = 112
	fieldKey     = 210

	opBitMask      = 0x08000000
	opLess         = 0x10000000
	opGreater      = 0x20000000
	opNotEqual     = 0x30000000
	opEqual        = 0x40000000
	opBitTest      = 0x48000000
	opLessEqual    = 0x50000000
	opGreaterEqual = 0x60000000

	arch64 = 0x80000000 // __AUDIT_ARCH_64BIT
	unset  = 1<<32 - 1  // of auid and sessionid
)

// holds compares as audit_comparator in kernel/auditfilter.c does.
func holds(left, op, right uint32) bool {
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
	case opBitMask:
		return left&right != 0
	case opBitTest:
		return left&right == right
	}
	return false
}
