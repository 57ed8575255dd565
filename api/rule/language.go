package rule

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

var listNames = map[string]list{
	"user": listUser, "task": listTask, "exit": listExit, "exclude": listExclude, "filesystem": listFilesystem, "io_uring": listURing,
}

// action is what happens to an event that matches: AUDIT_NEVER or AUDIT_ALWAYS.
type action uint32

const (
	never  action = 0
	always action = 2
)

var actionNames = map[string]action{"never": never, "always": always}

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

// operators are in the order in which they must be tried: the longer spelling first.
var operators = []struct {
	text string
	op   operator
}{
	{"!=", notEqual}, {">=", greaterEqual}, {"<=", lessEqual}, {"&=", bitTest}, {"=", equal}, {">", greaterThan}, {"<", lessThan}, {"&", bitMask},
}

// kind is what a field's value is.
type kind int

const (
	number  kind = iota // decimal, 0x…, 0…, or negative
	hexArg              // a number that auditctl prints in hexadecimal
	user                // a number or the name of a user
	group               // a number or the name of a group
	text                // a string that stands in the rule's buffer
	path                // text that must be absolute
	exitOf              // a number or -ERRNO
	arch                // b32, b64 or a machine
	message             // the name or number of a record type
	perms               // letters of rwxa
	file                // a type of file
	fstype              // the name or magic number of a file system
	compare             // the number of a comparison of two fields (-C)
)

// fieldType describes a field: AUDIT_* in include/uapi/linux/audit.h.
type fieldType struct {
	name string
	id   uint32
	kind kind
}

const (
	fieldPers         = 10
	fieldArch         = 11
	fieldMsgtype      = 12
	fieldSession      = 25
	fieldAuid         = 9
	fieldExit         = 103
	fieldPath         = 105
	fieldPerm         = 106
	fieldDir          = 107
	fieldFieldCompare = 111
	fieldExe          = 112
	fieldKey          = 210
)

// fieldTypes are all fields; of two names for one field the first is the one that is printed.
var fieldTypes = []fieldType{
	{"pid", 0, number},
	{"uid", 1, user},
	{"euid", 2, user},
	{"suid", 3, user},
	{"fsuid", 4, user},
	{"gid", 5, group},
	{"egid", 6, group},
	{"sgid", 7, group},
	{"fsgid", 8, group},
	{"auid", fieldAuid, user},
	{"loginuid", fieldAuid, user},
	{"pers", fieldPers, number},
	{"arch", fieldArch, arch},
	{"msgtype", fieldMsgtype, message},
	{"subj_user", 13, text},
	{"subj_role", 14, text},
	{"subj_type", 15, text},
	{"subj_sen", 16, text},
	{"subj_clr", 17, text},
	{"ppid", 18, number},
	{"obj_user", 19, text},
	{"obj_role", 20, text},
	{"obj_type", 21, text},
	{"obj_lev_low", 22, text},
	{"obj_lev_high", 23, text},
	{"sessionid", fieldSession, number},
	{"fstype", 26, fstype},
	{"devmajor", 100, number},
	{"devminor", 101, number},
	{"inode", 102, number},
	{"exit", fieldExit, exitOf},
	{"success", 104, number},
	{"path", fieldPath, path},
	{"perm", fieldPerm, perms},
	{"dir", fieldDir, path},
	{"filetype", 108, file},
	{"obj_uid", 109, user},
	{"obj_gid", 110, group},
	{"field_compare", fieldFieldCompare, compare},
	{"exe", fieldExe, path},
	{"saddr_fam", 113, number},
	{"a0", 200, hexArg},
	{"a1", 201, hexArg},
	{"a2", 202, hexArg},
	{"a3", 203, hexArg},
	{"key", fieldKey, text},
}

// isString says whether the field's value stands in the buffer of the wire form.
func (k kind) isString() bool { return k == text || k == path }

// refuses says which operators to write where the kernel refuses this one for the field: audit_field_valid in kernel/auditfilter.c.
func (t fieldType) refuses(op operator) (fix string) {
	switch {
	case op == equal || op == notEqual:
		return ""
	case t.kind.isString() && t.id != 16 && t.id != 17 && t.id != 22 && t.id != 23, t.kind == file, t.kind == fstype, t.id == 102:
		return "write = or !="
	case (op == bitMask || op == bitTest) && t.kind != hexArg && t.id != fieldPers && t.id != 101:
		return "write =, !=, <, <=, > or >="
	}
	return ""
}
