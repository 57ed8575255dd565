package rule

import "strings"

// kind is what a field's value is.
type kind int

const (
	number  kind = iota // decimal, 0x… or 0…
	hexArg              // a number, also a negative one, that auditctl prints in hexadecimal
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
	session             // a number or unset
	family              // the number of an address family
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

// fieldTypes are all fields; auid has another name, loginuid.
var fieldTypes = [...]fieldType{
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
	{"sessionid", fieldSession, session},
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
	{"saddr_fam", 113, family},
	{"a0", 200, hexArg},
	{"a1", 201, hexArg},
	{"a2", 202, hexArg},
	{"a3", 203, hexArg},
	{"key", fieldKey, text},
}

// fieldsByName and fieldsByID point into fieldTypes.
var fieldsByName, fieldsByID = func() (names map[string]*fieldType, ids [fieldKey + 1]*fieldType) {
	names = map[string]*fieldType{}
	for i := range fieldTypes {
		t := &fieldTypes[i]
		names[t.name], ids[t.id] = t, t
	}
	names["loginuid"] = ids[fieldAuid]
	return names, ids
}()

var pathField, permField, keyField, compareField = fieldsByID[fieldPath], fieldsByID[fieldPerm], fieldsByID[fieldKey], fieldsByID[fieldFieldCompare]

// fieldNamed finds a field by its name, in letters of either size.
func fieldNamed(name string) (*fieldType, bool) {
	t, known := fieldsByName[name]
	if !known {
		t, known = fieldsByName[strings.ToLower(name)]
	}
	return t, known
}

func fieldWith(id uint32) (*fieldType, bool) {
	if id >= uint32(len(fieldsByID)) {
		return nil, false
	}
	return fieldsByID[id], fieldsByID[id] != nil
}

// isString says whether the field's value stands in the buffer of the wire form.
func (k kind) isString() bool { return k == text || k == path }

// names are the words for numbers of the kind.
func (k kind) names() nameTable {
	switch k {
	case message:
		return messageTypes()
	case file:
		return fileTypes
	case fstype:
		return fileSystems
	default:
		return nameTable{}
	}
}

// refuses says which operators to write where the kernel refuses this one for the field: audit_field_valid in kernel/auditfilter.c.
func (t *fieldType) refuses(op operator) (fix string) {
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
