package lint

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Check is one thing that is looked for.
type Check struct {
	// ID names the check in outputs, in --skip and in docs/lint.md. It never changes.
	ID string
	// Severity is that of all its problems.
	Severity rule.Severity
	// Title says what is found, as a sentence without a full stop.
	Title string
	// Help says why it matters and what to do.
	Help string
}

// The names of the checks.
const (
	syntax           = "syntax"
	keyTooLong       = "key-too-long"
	silencesAll      = "silences-all"
	deadRule         = "dead-rule"
	unknownToKernel  = "unknown-to-kernel"
	hotRule          = "hot-rule"
	shadowed         = "shadowed"
	symlinkWatch     = "symlink-watch"
	watchShouldBeDir = "watch-should-be-dir"
	withoutArch      = "syscall-without-arch"
	missingB32       = "missing-b32"
	duplicate        = "duplicate"
	redundant        = "redundant"
	auidUnset        = "auid-unset-in-containers"
	notation         = "notation"
	twoArchitectures = "two-architectures"
	auidMatchesAll   = "auid-takes-unset"
	exeAcrossImages  = "exe-across-images"
	missingPath      = "missing-path"
	noKey            = "no-key"
	cost             = "cost"
)

// Checks are all that there are, the most important first.
func Checks() []Check { return slices.Clone(checks) }

// CheckOf returns the name of the check that found a problem. What only the parser says is syntax or notation.
func CheckOf(p rule.Problem) string {
	switch {
	case p.Check != "":
		return p.Check
	case p.Severity == rule.Error:
		return syntax
	}
	return notation
}

// Skippable says whether the name is that of a check on what rules do, which one may choose to leave out. Errors and remarks on how a line is
// written are not.
func Skippable(id string) bool {
	i := rank(id)
	return i < len(checks) && checks[i].Severity != rule.Error && id != notation
}

// rank orders problems by importance. Names that are not known come last.
func rank(id string) int {
	if i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id }); i >= 0 {
		return i
	}
	return len(checks)
}

var checks = []Check{
	{
		syntax, rule.Error, "The line is not a rule",
		"No node gets the rule. docs/rules.md has the language and what differs from auditctl(8).",
	}, {
		keyTooLong, rule.Error, "The keys of a rule are longer than the kernel takes",
		"The kernel takes 256 bytes for all keys of a rule together, and refuses the rule otherwise. Shorten them.",
	}, {
		silencesAll, rule.Warning, "A rule switches off all others",
		"Distributions ship rules such as -a task,never that disarm auditing, so that whatever else is loaded records nothing. Remove the rule.",
	}, {
		deadRule, rule.Warning, "A rule can never act, because an earlier one takes all its events",
		"The kernel stops at the first rule that matches. A rule behind a broader never records nothing, and a never behind a broader rule " +
			"keeps nothing quiet. Put the narrower rule first, or remove it.",
	}, {
		unknownToKernel, rule.Warning, "A rule names what the node's kernel does not have",
		"A system call or an architecture that the machine lacks keeps the rule from loading; a system call that is newer than the kernel never " +
			"happens. Leave it out, or select other nodes.",
	}, {
		hotRule, rule.Warning, "A rule records something that every program does all the time",
		"Every record is written, sent and stored, and a full queue slows down every program or loses events. Narrow the rule with a path, a " +
			"user, or success=0.",
	}, {
		shadowed, rule.Warning, "An earlier rule records all events of a rule, under another key",
		"The kernel writes the key of the first rule that matches, so the key of the later one never appears and no route finds it. Put the " +
			"narrower rule first, or give both one key.",
	}, {
		symlinkWatch, rule.Warning, "A path is a symbolic link",
		"The kernel takes the link itself: what happens to the file behind it is not recorded. Name the file behind it.",
	}, {
		watchShouldBeDir, rule.Warning, "A rule has path= for a directory, or dir= for a file",
		"path= of a directory records what happens to its own entry, not to the files below it. Write dir=, or -w, which finds out on the node.",
	}, {
		withoutArch, rule.Warning, "System calls are named without an architecture",
		"They get the numbers of the node's own architecture, which are other calls in 32-bit programs: open is 2 for one and fork is 2 for the " +
			"other. Write one rule with -F arch=b64 and one with -F arch=b32.",
	}, {
		missingB32, rule.Warning, "A rule for 64-bit programs has no twin for 32-bit ones",
		"A 64-bit kernel runs 32-bit programs too, which the rule does not see: whoever wants to hide compiles with -m32. Add the same rule " +
			"with arch=b32, or one that records all 32-bit calls.",
	}, {
		duplicate, rule.Warning, "A rule stands there twice",
		"The kernel takes a rule once. Remove one of the two.",
	}, {
		redundant, rule.Warning, "An earlier rule does all that a rule does",
		"Every event of the rule is recorded by an earlier one with the same key, or kept quiet by it. Remove the rule.",
	}, {
		auidUnset, rule.Warning, "A rule sees people who log in to the node, and no container",
		"auid and the session are set when somebody logs in, by sshd or a console. Processes of containers have none, so a rule with " +
			"auid!=unset does not see them. Leave that condition out where containers are meant.",
	}, {
		notation, rule.Warning, "A line is read otherwise than auditctl would",
		"The rule does here what it says. On a machine with auditctl(8) the same line is refused or does something else.",
	}, {
		twoArchitectures, rule.Note, "One line gives a rule for each architecture",
		"Here a line with two arch= gives two rules, which is the short way to write a rule for 64-bit and 32-bit programs. auditctl would make one " +
			"rule that never matches: write two lines where it reads the same file.",
	}, {
		auidMatchesAll, rule.Note, "auid is compared in a way that unset fulfils",
		"unset is the number 4294967295, so auid>=1000 takes containers and daemons as well. That may be meant; where people are meant, add " +
			"-F auid!=unset.",
	}, {
		exeAcrossImages, rule.Note, "exe= names one file of the node, not a program in images",
		"The kernel compares device and inode of the file that the path leads to on the node. The same program in a container image is " +
			"another file and does not match.",
	}, {
		missingPath, rule.Note, "A path is not there",
		"With a missing directory the rule waits on the node until there is one. That may be meant where nodes differ.",
	}, {
		noKey, rule.Note, "A rule has no key",
		"Without a key its events cannot be told from others in a search, and no route can pick them by key. Add -k.",
	}, {
		cost, rule.Note, "What the rules cost",
		"Every system call of every process walks the list of rules without a file. Rules on single files are found by inode and cost nothing " +
			"unless the file is used. The figure is an estimate.",
	},
}
