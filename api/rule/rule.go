package rule

// Severity tells an error from a remark.
type Severity int

const (
	// Error means that the line has no meaning and is not compiled.
	Error Severity = iota
	// Warning means that the line is compiled, but probably does not do what its author meant.
	Warning
)

// Problem is a finding in a text, with its place.
type Problem struct {
	// Severity is Error or Warning.
	Severity Severity
	// Line and Column count from 1; Column counts bytes.
	Line, Column int
	// Message says what is wrong, in one sentence without a full stop.
	Message string
	// Fix says what to write instead. Empty where that is not known.
	Fix string
}

// Host answers what the rule language leaves to the host that a rule is loaded on. Implementations look below the root of that host.
type Host interface {
	// IsDir says whether the path is a directory. A path that does not exist is none.
	IsDir(path string) bool
	// UserID returns the numeric id of the user, and false where the host has none of that name.
	UserID(name string) (uint32, bool)
	// GroupID returns the numeric id of the group, and false where the host has none of that name.
	GroupID(name string) (uint32, bool)
	// Machine is the host's architecture as uname(2) says it, for example x86_64.
	Machine() string
}

// Wire is a rule as the kernel takes and lists it: struct audit_rule_data with its strings. It is a string so that it can be compared and
// be the key of a map.
type Wire string
