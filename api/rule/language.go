package rule

import "strings"

// list is a filter list of the kernel, the values of AUDIT_FILTER_* in include/uapi/linux/audit.h.
type list uint32

const (
	listUser       list = 0
	listTask       list = 1
	listExit       list = 4
	listExclude    list = 5
	listFilesystem list = 6
	listURing      list = 7

	flagPrepend = 0x10
)

var listNames = readNames("user=0 task=1 exit=4 exclude=5 filesystem=6 io_uring=7")

func (l list) String() string { return listNames.names[uint32(l)] }

// action is what happens to an event that matches: AUDIT_NEVER or AUDIT_ALWAYS.
type action uint32

const (
	never  action = 0
	always action = 2
)

var actionNames = readNames("never=0 always=2")

func (a action) String() string { return actionNames.names[uint32(a)] }

// operator is a comparison, AUDIT_EQUAL and its siblings.
type operator uint32

const (
	bitMask      operator = 0x08000000
	lessThan     operator = 0x10000000
	greaterThan  operator = 0x20000000
	notEqual     operator = 0x30000000
	equal        operator = 0x40000000
	bitTest      operator = 0x48000000
	lessEqual    operator = 0x50000000
	greaterEqual operator = 0x60000000
)

func (op operator) String() string {
	switch op {
	case bitMask:
		return "&"
	case lessThan:
		return "<"
	case greaterThan:
		return ">"
	case notEqual:
		return "!="
	case equal:
		return "="
	case bitTest:
		return "&="
	case lessEqual:
		return "<="
	case greaterEqual:
		return ">="
	}
	return ""
}

// cutOperator splits name=value at the first operator.
func cutOperator(s string) (name string, op operator, value string, found bool) {
	for i := range len(s) {
		single, double := operator(0), operator(0)
		switch s[i] {
		case '=':
			return s[:i], equal, s[i+1:], true
		case '!':
			double = notEqual
		case '>':
			single, double = greaterThan, greaterEqual
		case '<':
			single, double = lessThan, lessEqual
		case '&':
			single, double = bitMask, bitTest
		default:
			continue
		}
		if strings.HasPrefix(s[i+1:], "=") {
			return s[:i], double, s[i+2:], true
		}
		return s[:i], single, s[i+1:], single != 0
	}
	return s, 0, "", false
}
