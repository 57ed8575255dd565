// Package boot says whether a node audits from the beginning of a boot: of the one that is running, and of the next.
//
// The files of a node come in, below a root directory; out goes which boot loader it has, every entry that can be chosen with its kernel
// command line, a verdict for the running and one for the next boot, and findings with what to do about them. The verdict on the next boot is
// that of the files which the boot loader itself will read. It is "on" only where every entry is, rescue entries aside; what could not be read
// is "unknown", never "on". The package runs no program, changes no file and knows nothing of Kubernetes.
package boot

import "cmp"

// Report is what the files of a node say about its boots.
type Report struct {
	Loader   Loader    `json:"loader"`   // the boot loader
	Running  Running   `json:"running"`  // the kernel that runs now
	Next     Next      `json:"next"`     // what will be if the node reboots now
	Entries  []Entry   `json:"entries"`  // what can be chosen, in the order of the menu
	Findings []Finding `json:"findings"` // what is to be told, the worst first
}

// Running is the command line of the running kernel.
type Running struct {
	Audit        Audit   `json:"audit"`                  // on, off or unknown
	BacklogLimit *uint32 `json:"backlogLimit,omitempty"` // audit_backlog_limit, absent where it is not given
	Cmdline      string  `json:"cmdline,omitempty"`      // as in /proc/cmdline
}

// Next is the verdict on the next boot.
type Next struct {
	Audit        Audit   `json:"audit"`                  // on, off, mixed or unknown
	BacklogLimit *uint32 `json:"backlogLimit,omitempty"` // absent where it is not given, or not the same in all entries that count
}

// Entry is something that the boot loader can start.
type Entry struct {
	Title        string  `json:"title"`                  // as the menu shows it, with the submenus before it
	ID           string  `json:"id,omitempty"`           // by which it is chosen, where it has one
	File         string  `json:"file"`                   // where its command line stands
	Kernel       string  `json:"kernel,omitempty"`       // what it starts
	Cmdline      string  `json:"cmdline,omitempty"`      // with variables replaced; ? stands for what only the boot loader knows
	Audit        Audit   `json:"audit"`                  // on, off or unknown
	BacklogLimit *uint32 `json:"backlogLimit,omitempty"` // audit_backlog_limit, absent where it is not given
	Default      bool    `json:"default,omitempty"`      // it starts when nobody chooses
	Once         bool    `json:"once,omitempty"`         // it is the default for one boot only
	Rescue       bool    `json:"rescue,omitempty"`       // for repairs: it does not count, unless it is the default
	Other        bool    `json:"other,omitempty"`        // not a Linux of this node, such as a memory test: does not count either
	Doubt        string  `json:"doubt,omitempty"`        // why Audit is unknown

	reading reading
}

// Look reads the files of a node. It always gives a report: what cannot be read is told in it.
func Look(root FS) Report {
	running, line := lookAtRunning(root)
	found := look(root, line.text)
	report := Report{
		Loader:   found.loader,
		Running:  running,
		Next:     next(found),
		Entries:  append([]Entry{}, found.entries...),
		Findings: []Finding{},
	}
	report.Findings = advise(root, report, found, line)
	return report
}

// Satisfied says whether auditing is on from the beginning in the running and in the next boot.
func (r Report) Satisfied() bool { return r.Running.Audit == On && r.Next.Audit == On }

// commandLine is that of the running kernel, or why it is not known.
type commandLine struct {
	text    string
	reading reading
	err     error
}

func lookAtRunning(root FS) (Running, commandLine) {
	text, err := root.read("/proc/cmdline")
	if err != nil {
		return Running{Audit: Unknown}, commandLine{err: err}
	}
	line := commandLine{text: trimLine(text)}
	line.reading = readCmdline(line.text)
	return Running{Audit: line.reading.audit, BacklogLimit: line.reading.backlog, Cmdline: line.text}, line
}

// next is the verdict on all entries that count.
func next(f found) Next {
	counted := f.counted()
	if f.doubt != "" || len(counted) == 0 {
		return Next{Audit: Unknown}
	}
	result := Next{Audit: counted[0].Audit, BacklogLimit: counted[0].BacklogLimit}
	for _, e := range counted[1:] {
		if e.Audit != result.Audit {
			result.Audit = Mixed
		}
		if !same(e.BacklogLimit, result.BacklogLimit) {
			result.BacklogLimit = nil
		}
	}
	return Next{Audit: cmp.Or(decisive(counted), result.Audit), BacklogLimit: result.BacklogLimit}
}

// decisive is the verdict that one entry gives alone: the default without audit=1, or one that is not known. Empty if there is none.
func decisive(counted []Entry) Audit {
	var verdict Audit
	for _, e := range counted {
		switch {
		case e.Default && e.Audit == Off:
			return Off
		case e.Audit == Unknown:
			verdict = Unknown
		}
	}
	return verdict
}

func same(a, b *uint32) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
