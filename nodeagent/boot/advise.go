package boot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// advise collects everything that is to be told, the worst first.
func advise(root FS, r Report, f found, line commandLine) []Finding {
	findings := slices.Concat(runningFindings(r, line), nextFindings(r, f), entryFindings(r, f), compareSources(root, f), f.findings)
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
	return findings
}

// runningFindings are about the kernel that runs.
func runningFindings(r Report, line commandLine) []Finding {
	const file = "/proc/cmdline"
	again := "see to the next boot, then reboot"
	if r.Next.Audit == On {
		again = "reboot: the next boot has it"
	}
	switch {
	case line.err != nil:
		return []Finding{{ID: RunningUnknown, Severity: Error, File: file, Message: line.err.Error(), Fix: "run nodeaudit where the node's /proc is to be seen"}}
	case line.reading.disabled:
		return append([]Finding{{
			ID: RunningDisabled, Severity: Error, File: file, Fix: again,
			Message: "this kernel was started with audit=0: nothing can turn auditing on before the next reboot, whatever else the command line says",
		}}, details(line.reading, file, "")...)
	case r.Running.Audit == Off:
		return append([]Finding{{
			ID: RunningOff, Severity: Error, File: file, Fix: again,
			Message: "this kernel was started without audit=1: what happened before an audit daemon or agent began is not recorded, and processes that were started before are audited in part only",
		}}, details(line.reading, file, "")...)
	case r.Running.BacklogLimit == nil:
		return append([]Finding{{
			ID: BacklogMissing, Severity: Warning, File: file, Fix: "give audit_backlog_limit=8192 as well, then reboot",
			Message: "this kernel was started without audit_backlog_limit: it kept 64 records until a daemon read them, and lost the others",
		}}, details(line.reading, file, "")...)
	default:
		return details(line.reading, file, "")
	}
}

// nextFindings are the verdict on the next boot.
func nextFindings(r Report, f found) []Finding {
	switch r.Next.Audit {
	case Off:
		return []Finding{{ID: NextOff, Severity: Error, Message: "the next boot will not have audit=1" + defaultEntry(r), Fix: howTo(f)}}
	case Mixed:
		return []Finding{{ID: NextMixed, Severity: Error, Message: "only some entries of the boot loader have audit=1" + defaultEntry(r), Fix: howTo(f)}}
	case Unknown:
		why := cmp.Or(f.doubt, "its entries cannot all be read")
		if f.doubt == "" && len(f.entries) == 0 {
			why = "the boot loader has no entry"
		}
		fix := "see the other findings; a machine that gets its kernel from outside is configured where that is done"
		return []Finding{{ID: NextUnknown, Severity: Error, Message: "nobody can say from here whether the next boot has audit=1: " + why, Fix: fix}}
	default:
		return nil
	}
}

func defaultEntry(r Report) string {
	for _, e := range r.Entries {
		if e.Default {
			return fmt.Sprintf("; the default is %q, which is %s", e.Title, e.Audit)
		}
	}
	return ""
}

// howTo is how an administrator gives kernel parameters.
func howTo(f found) string {
	const parameters = "audit=1 audit_backlog_limit=8192"
	switch {
	case isOSTree(f):
		return "run `rpm-ostree kargs --append-if-missing=audit=1 --append-if-missing=audit_backlog_limit=8192`; with bootc write them into /usr/lib/bootc/kargs.d of the image"
	case f.loader == GRUB && f.bls:
		return "run `grubby --update-kernel=ALL --args=\"" + parameters + "\"`"
	case f.loader == GRUB:
		return "add " + parameters + " to GRUB_CMDLINE_LINUX in /etc/default/grub and generate grub.cfg (`update-grub`, or `grub2-mkconfig -o` with its path)"
	case f.loader == SystemdBoot:
		return "add " + parameters + " to /etc/kernel/cmdline and run `kernel-install add` for each kernel; unified kernel images must be built anew"
	case f.loader == UnifiedKernel:
		return "build the image anew with " + parameters + " in its command line"
	case f.loader == Extlinux:
		return "add " + parameters + " to the APPEND lines"
	case f.loader == Zipl:
		return "add " + parameters + " to the options of the entries or the parameters of /etc/zipl.conf, and run zipl"
	default:
		return "add " + parameters + " to the kernel command line"
	}
}

// entryFindings are about single entries. Where all that count lack audit=1 it is said once, by the verdict.
func entryFindings(r Report, f found) []Finding {
	var findings []Finding
	for _, e := range r.Entries {
		switch {
		case e.Other && !e.Default:
			continue
		case e.reading.disabled && e.Audit == Off:
			findings = append(findings, about(e, EntryDisabled, Error, "this entry has audit=0, which wins over any audit=1 and closes the audit subsystem until the next reboot", "remove audit=0"))
		case !e.counts() && e.Audit == Off:
			findings = append(findings, about(e, RescueOff, Info, "this entry for repairs has no audit=1; it does not count", ""))
		case e.Audit == Off && r.Next.Audit != Off:
			findings = append(findings, about(e, EntryOff, Warning, "this entry has no audit=1", howTo(f)))
		case e.Audit == Unknown && e.counts():
			findings = append(findings, about(e, EntryUnknown, Warning, "nobody can say whether this entry has audit=1: "+e.Doubt, ""))
		}
		if e.Once {
			findings = append(findings, about(e, Once, Info, "this entry was chosen for one boot only; the one after that takes the usual default", ""))
		}
		findings = append(findings, entryDetails(r, e)...)
	}
	return append(findings, backlogFindings(r, f)...)
}

// entryDetails leaves out what has been said of the running command line already, which most entries repeat.
func entryDetails(r Report, e Entry) []Finding {
	if !e.counts() || e.Cmdline == "" || strings.HasSuffix(r.Running.Cmdline, e.Cmdline) {
		return nil
	}
	return details(e.reading, e.File, e.Title)
}

func about(e Entry, id ID, severity Severity, message, fix string) Finding {
	return Finding{ID: id, Severity: severity, Message: message, Fix: fix, File: e.File, Entry: e.Title}
}

func backlogFindings(r Report, f found) []Finding {
	var lacking []string
	differs := false
	for _, e := range f.counted() {
		if e.Audit == On && e.BacklogLimit == nil {
			lacking = append(lacking, e.Title)
		}
		differs = differs || e.Audit == On && !same(e.BacklogLimit, r.Next.BacklogLimit)
	}
	switch {
	case len(lacking) > 0:
		return []Finding{{
			ID: BacklogMissing, Severity: Warning, Entry: lacking[0], Fix: howTo(f),
			Message: fmt.Sprintf("%d of the entries that have audit=1 give no audit_backlog_limit: the kernel keeps 64 records until a daemon reads them, and loses the others", len(lacking)),
		}}
	case differs && r.Next.Audit == On:
		return []Finding{{ID: BacklogDiffers, Severity: Warning, Message: "the entries give different audit_backlog_limit values", Fix: howTo(f)}}
	default:
		return nil
	}
}

// details are mistakes within one command line.
func details(r reading, file, entry string) []Finding {
	var findings []Finding
	add := func(id ID, message, fix string) {
		findings = append(findings, Finding{ID: id, Severity: Warning, Message: message, Fix: fix, File: file, Entry: entry})
	}
	if r.audit == On && r.wrote != "1" {
		add(ValueOdd, fmt.Sprintf("audit=%s turns auditing on with Linux 4.16 and later; kernels before may read it as off", r.wrote), "write audit=1")
	}
	if r.badBacklog != "" {
		add(BacklogIgnored, fmt.Sprintf("the kernel cannot read audit_backlog_limit=%s and ignores it", r.badBacklog), "write a number, for example audit_backlog_limit=8192")
	}
	for _, word := range r.ignored {
		add(ParameterIgnored, fmt.Sprintf("the kernel does not know %q: the parameter has small letters and a value", word), "write audit=1")
	}
	for _, word := range r.late {
		add(ParameterForInit, fmt.Sprintf("%q stands behind --, so it goes to init and not to the kernel", word), "write it before the --")
	}
	return findings
}
