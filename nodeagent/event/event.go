package event

import "time"

// Event is one thing that happened: the typed content of a Group. Fields that the records do not have are empty; names are those of audit
// records.
//
// Once an event has been offered to a sink it is shared, and nobody may change it. Its texts are never changed by anybody, so that they may
// be kept without the event. A decoder may use an event again that it has not given away: Clone makes one that is the caller's.
type Event struct {
	// Time is the kernel's time, in UTC, in milliseconds.
	Time time.Time `json:"time"`
	// Serial is the kernel's number of the event on this boot.
	Serial uint32 `json:"serial"`
	// Node is the name of the node.
	Node string `json:"node,omitempty"`
	// Type is the type of the record that says what happened: the first that is no companion of a system call, otherwise SYSCALL.
	Type string `json:"type"`
	// Keys are the keys (-k) of the rule that matched.
	Keys []string `json:"keys,omitempty"`
	// Result says whether it succeeded: what the record of Type says, otherwise what the call says. Empty where neither tells.
	Result Result `json:"result,omitempty"`
	// Who is the pod and container that it came from.
	Who Who `json:"who"`
	Call
	Process
	User
	// Paths are the files, in the order of their items.
	Paths []Path `json:"paths,omitempty"`
	// Socket is the address of a socket call.
	Socket *Socket `json:"socket,omitempty"`
	// Fields are the fields that have no place of their own above, decoded. Where two records have the same one, the first counts.
	Fields Fields `json:"fields,omitempty"`
	// FieldNames say in words what numbers among Fields mean, by the field's name: users, groups, signals, capabilities, flags.
	FieldNames Fields `json:"fieldNames,omitempty"`
	// Records are the records as the kernel sent them. What no field above can carry exactly is here.
	Records []Record `json:"records"`
}

// Result is the outcome of an event.
type Result string

const (
	// ResultSuccess is success=yes and res=1.
	ResultSuccess Result = "success"
	// ResultFailure is success=no and res=0.
	ResultFailure Result = "failure"
)

// Call is the system call of an event.
type Call struct {
	// Arch is the architecture, for example x86_64.
	Arch string `json:"arch,omitempty"`
	// Syscall is the system call's name, for example openat, or its number where the name is not known.
	Syscall string `json:"syscall,omitempty"`
	// SyscallArgs are the first four arguments as the kernel prints them, in hexadecimal.
	SyscallArgs []string `json:"syscallArgs,omitempty"`
	// SyscallArgNames say in words what arguments mean that are flags, modes and the like, by their names a0 to a3.
	SyscallArgNames Fields `json:"syscallArgNames,omitempty"`
	// Exit is the value that the call returned. Nil without a call.
	Exit *int64 `json:"exit,omitempty"`
	// Errno is the name of the error of a call that failed, for example EACCES.
	Errno string `json:"errno,omitempty"`
}

// Process is the process that made an event.
type Process struct {
	// PID is the process and PPID its parent, in the initial pid namespace.
	PID  ID `json:"pid,omitzero"`
	PPID ID `json:"ppid,omitzero"`
	// Comm is the name of the thread, at most 15 bytes.
	Comm string `json:"comm,omitempty"`
	// Exe is the path of the program, in the process's own mount namespace.
	Exe string `json:"exe,omitempty"`
	// Args are the arguments of a program that was started.
	Args []string `json:"args,omitempty"`
	// Proctitle is the command line at the time of the event, at most 128 bytes, its parts joined with spaces. A process can change its own.
	Proctitle string `json:"proctitle,omitempty"`
	// CWD is the working directory.
	CWD string `json:"cwd,omitempty"`
	// TTY is the terminal. Empty where there is none.
	TTY string `json:"tty,omitempty"`
}

// User is the identity of a process at the time of an event.
type User struct {
	// AUID is the user that logged in, and Ses that login's session. Absent where nobody did: in containers, in services.
	AUID ID `json:"auid,omitzero"`
	Ses  ID `json:"ses,omitzero"`
	// UID and the others are the process's user and group ids: real, effective, saved and of the file system.
	UID   ID `json:"uid,omitzero"`
	GID   ID `json:"gid,omitzero"`
	EUID  ID `json:"euid,omitzero"`
	EGID  ID `json:"egid,omitzero"`
	SUID  ID `json:"suid,omitzero"`
	SGID  ID `json:"sgid,omitzero"`
	FSUID ID `json:"fsuid,omitzero"`
	FSGID ID `json:"fsgid,omitzero"`
	// Subj is the security label of the process.
	Subj string `json:"subj,omitempty"`
	UserNames
}

// UserNames are the names of the ids of a User, from the log itself where auditd wrote them there, otherwise from the host's files. Empty
// where neither has one.
type UserNames struct {
	// AUIDName and the others belong to the ids of the same name.
	AUIDName  string `json:"auidName,omitempty"`
	UIDName   string `json:"uidName,omitempty"`
	GIDName   string `json:"gidName,omitempty"`
	EUIDName  string `json:"euidName,omitempty"`
	EGIDName  string `json:"egidName,omitempty"`
	SUIDName  string `json:"suidName,omitempty"`
	SGIDName  string `json:"sgidName,omitempty"`
	FSUIDName string `json:"fsuidName,omitempty"`
	FSGIDName string `json:"fsgidName,omitempty"`
}

// Path is a file of an event, a PATH record.
type Path struct {
	// Name is the path as the process gave it: relative to CWD where it does not begin with a slash.
	Name string `json:"name,omitempty"`
	// Nametype is NORMAL, PARENT, CREATE, DELETE or UNKNOWN.
	Nametype string `json:"nametype,omitempty"`
	// Inode, Dev, Mode and Rdev are the file's: Mode in octal with the file type, Dev and Rdev as major:minor in hexadecimal.
	Inode string `json:"inode,omitempty"`
	Dev   string `json:"dev,omitempty"`
	Mode  string `json:"mode,omitempty"`
	Rdev  string `json:"rdev,omitempty"`
	// ModeName is Mode in words, for example file,644 or dir,sticky,777.
	ModeName string `json:"modeName,omitempty"`
	// OUID and OGID are its owner, the others the names of these.
	OUID     ID     `json:"ouid,omitzero"`
	OUIDName string `json:"ouidName,omitempty"`
	OGID     ID     `json:"ogid,omitzero"`
	OGIDName string `json:"ogidName,omitempty"`
	// Obj is the security label of the file.
	Obj string `json:"obj,omitempty"`
	// CapPermitted and CapInheritable are the capabilities that the file gives a program, by name. Empty where it gives none.
	CapPermitted   string `json:"capPermitted,omitempty"`
	CapInheritable string `json:"capInheritable,omitempty"`
	// CapEffective says whether the program has them in effect from its start.
	CapEffective bool `json:"capEffective,omitempty"`
}

// Socket is the address of a socket call, a SOCKADDR record.
type Socket struct {
	// Family is the kernel's name of the address family, for example inet, or the number of one that has no name.
	Family string `json:"family"`
	// Address and Port are those of inet, inet6 and vsock. Of packet and bluetooth Address is the hardware address; of netlink, Port is
	// the number of the socket.
	Address string `json:"address,omitempty"`
	Port    uint32 `json:"port,omitempty"`
	// Path is that of unix; an abstract name begins with @.
	Path string `json:"path,omitempty"`
	// Interface is the index of the network interface, of packet, and of an address of inet6 that holds on one link only.
	Interface uint32 `json:"interface,omitempty"`
	// Protocol is that of packet, in hexadecimal as in if_ether.h.
	Protocol string `json:"protocol,omitempty"`
	// Groups are the multicast groups of netlink, a bit each.
	Groups uint32 `json:"groups,omitempty"`
	// Data is the address in hexadecimal, behind the family, where nothing above tells what is in it.
	Data string `json:"data,omitempty"`
}
