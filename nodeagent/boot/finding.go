package boot

// Severity is how much a finding matters.
type Severity string

// The severities of findings.
const (
	Error   Severity = "error"   // audit is not on, or that is not known
	Warning Severity = "warning" // it is on, and something will probably not be as meant
	Info    Severity = "info"    // good to know
)

// ID names a kind of finding, for programs.
type ID string

// The kinds of findings. docs/boot.md explains each.
const (
	RunningOff         ID = "running-off"          // the running kernel was started without audit=1
	RunningDisabled    ID = "running-disabled"     // it was started with audit=0
	RunningUnknown     ID = "running-unknown"      // its command line is not readable
	NextOff            ID = "next-off"             // the next boot will not have audit=1
	NextMixed          ID = "next-mixed"           // only some entries have it
	NextUnknown        ID = "next-unknown"         // nobody can say
	EntryOff           ID = "entry-off"            // one entry lacks it
	EntryDisabled      ID = "entry-disabled"       // one entry has audit=0
	EntryUnknown       ID = "entry-unknown"        // one entry cannot be judged
	RescueOff          ID = "rescue-off"           // an entry for repairs lacks it, which does not count
	Once               ID = "once"                 // the default holds for one boot
	NotGenerated       ID = "not-generated"        // configured, and not brought to the boot loader
	NotInSource        ID = "not-in-source"        // in the boot loader, and not configured
	SourceUnknown      ID = "source-unknown"       // the configuration is a script that cannot be followed
	BacklogMissing     ID = "backlog-missing"      // no audit_backlog_limit
	BacklogDiffers     ID = "backlog-differs"      // not the same in all entries
	BacklogIgnored     ID = "backlog-ignored"      // its value is no number
	ValueOdd           ID = "value-odd"            // audit=1 written in another way
	ParameterIgnored   ID = "parameter-ignored"    // what looks like audit=1 and is not
	ParameterForInit   ID = "parameter-for-init"   // it stands behind --
	FileUnreadable     ID = "file-unreadable"      // a file that decides
	FileMissing        ID = "file-missing"         // a file that should be there
	SeveralLoaders     ID = "several-loaders"      // nothing says which one is used
	LoaderMissing      ID = "loader-missing"       // the one that is used has no files here
	ImageManaged       ID = "image-managed"        // the system is an image, with its own ways
	DeploymentStaged   ID = "deployment-staged"    // ostree writes the entries at shutdown
	KexecLoaded        ID = "kexec-loaded"         // the next reboot may pass by the boot loader
	ZiplNotRun         ID = "zipl-not-run"         // the boot map is older than its sources
	EntryWithoutKernel ID = "entry-without-kernel" // the boot loader leaves the entry out
)

// Finding is something to be told, with what to do about it.
type Finding struct {
	ID       ID       `json:"id"`              // its kind
	Severity Severity `json:"severity"`        // error, warning or info
	Message  string   `json:"message"`         // what is so
	Fix      string   `json:"fix,omitempty"`   // what to do
	File     string   `json:"file,omitempty"`  // where it stands
	Entry    string   `json:"entry,omitempty"` // the title of the entry that is meant
}

func rank(s Severity) int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	default:
		return 2
	}
}
