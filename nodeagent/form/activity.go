package form

import (
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// activity is what somebody did, in the words of each form. All forms choose by this one table, so that they agree.
type activity struct {
	// action is event.action of ECS. Where Auditbeat has a word for it, it is Auditbeat's.
	action string
	// categories and types are event.category and event.type of ECS.
	categories, types []string
	// class is the class of OCSF, and number the activity_id in it.
	class  *class
	number int
	// verb is what the lines for people say of it.
	verb string
	// object is what it was done to.
	object objectKind
	// severity is how much it matters by itself.
	severity severity
	// alert says that the kernel or a program found it suspicious.
	alert bool
}

// objectKind is a kind of thing that something is done to.
type objectKind int

const (
	noObject objectKind = iota
	fileObject
	processObject // another process
	programObject // the program that was started
	socketObject
	accountObject
	groupObject
	serviceObject
)

// activityOf returns what happened, never nil.
func activityOf(e *event.Event) *activity {
	if found := recordActivities[e.Type]; found != nil {
		return found.refined(e)
	}
	if e.Type != "SYSCALL" && e.Type != "URINGOP" && e.Syscall == "" {
		return &otherRecord
	}
	if found := callActivities[e.Syscall]; found != nil {
		return found.refined(e)
	}
	return &otherCall
}

var (
	otherCall   = activity{action: "called-syscall", categories: process, types: info, class: baseEvent, verb: "called", severity: informational}
	otherRecord = activity{action: "recorded", categories: host, types: info, class: baseEvent, verb: "was recorded", severity: informational}
)

// refined looks at what a call was asked for, and at what a record says, where that decides what was done.
func (a *activity) refined(e *event.Event) *activity {
	switch a {
	case &openFile:
		return opened(e)
	case &signal:
		return signalled(e)
	case &refusal:
		return refused(e)
	case &changePassword:
		if !isAboutPassword(e) {
			return &changeLogin
		}
	}
	return a
}

// opened tells a file that was made from one that was opened to be written or read.
func opened(e *event.Event) *activity {
	for i := range e.Paths {
		if e.Paths[i].Nametype == "CREATE" {
			return &createFile
		}
	}
	if flags, known := openFlags(e); known && flags&writing != 0 {
		return &writeFile
	}
	return &openFile
}

// writing are O_WRONLY, O_RDWR and O_TRUNC, which have the same bits on all architectures.
const writing = 0o1 | 0o2 | 0o1000

func openFlags(e *event.Event) (flags uint64, known bool) {
	switch e.Syscall {
	case "open":
		return hexArgument(e, 1)
	case "openat":
		return hexArgument(e, 2)
	case "creat":
		return writing, true
	case "openat2":
		text, _ := e.Fields.Get("oflag")
		flags, err := strconv.ParseUint(text, 0, 64)
		return flags, err == nil
	}
	return 0, false
}

func hexArgument(e *event.Event, at int) (value uint64, known bool) {
	if at >= len(e.SyscallArgs) {
		return 0, false
	}
	value, err := strconv.ParseUint(e.SyscallArgs[at], 16, 64)
	return value, err == nil
}

// signalled tells a signal that ends a process from one that asks or tells it something.
func signalled(e *event.Event) *activity {
	at := 1
	if e.Syscall == "tgkill" {
		at = 2
	}
	number, known := hexArgument(e, at)
	switch number {
	case 3, 6, 9, 15: // SIGQUIT, SIGABRT, SIGKILL, SIGTERM
		return &signal
	}
	if known {
		return &harmlessSignal
	}
	return &signal
}

// severity is how much an event matters by itself. What it means where it happens, rules and people decide.
type severity int

const (
	informational severity = iota
	notice
	warning
	failing // something of the audit system itself is not as it should be
)

// severities are the words and numbers of each form: those of syslog, of OCSF and of OpenTelemetry.
var severities = [...]struct {
	word         string // of the lines for people, and OCSF's own beside it
	ocsfWord     string
	ocsf         int
	otel         string
	otelNumber   int
	syslogNumber int
	level        string // as programs name levels
}{
	informational: {"Informational", "Informational", 1, "INFO", 9, 6, "info"},
	notice:        {"Notice", "Low", 2, "INFO2", 10, 5, "notice"},
	warning:       {"Warning", "Medium", 3, "WARN", 13, 4, "warning"},
	failing:       {"Error", "High", 4, "ERROR", 17, 3, "error"},
}

// severityOf is that of the activity, and more where something was refused.
func severityOf(a *activity, e *event.Event) severity {
	s := a.severity
	if e.Result != event.ResultFailure {
		return s
	}
	if a.class == authentication {
		return max(s, warning)
	}
	if e.Errno == "EACCES" || e.Errno == "EPERM" {
		return max(s, notice)
	}
	return s
}

// decimal is a small number as text.
func decimal[N ~uint16 | ~uint32 | ~int](n N) string { return strconv.Itoa(int(n)) }

// refused tells AppArmor, which uses the type of SELinux too, and what it only remarks.
func refused(e *event.Event) *activity {
	verdict, is := e.Fields.Get("apparmor")
	switch {
	case !is:
		return &refusal
	case strings.Contains(verdict, "DENIED"):
		return &armorRefusal
	case strings.Contains(verdict, "ALLOWED"):
		return &armorComplaint
	default:
		return &armorRemark
	}
}

// isAboutPassword says whether a USER_CHAUTHTOK is about a password: programs send it for other changes of a user too.
func isAboutPassword(e *event.Event) bool {
	for i := range e.Records {
		if data := e.Records[i].Data; strings.Contains(data, "op=PAM:chauthtok") || strings.Contains(data, "password") {
			return true
		}
	}
	return false
}
