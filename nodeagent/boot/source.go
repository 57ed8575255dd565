package boot

import (
	"path"
	"strings"
)

// source is where an administrator writes the parameters, from which tools make what the boot loader reads.
type source struct {
	file    string
	reading reading
	apply   string // what brings it to the boot loader
	unknown bool   // it is a script that cannot be followed
}

// sources returns those that matter for a boot loader and are there.
func sources(root FS, f found) []source {
	var all []source
	if f.loader == GRUB && !isOSTree(f) {
		all = append(all, defaultGRUB(root, f)...)
	}
	if f.loader != Extlinux && !isOSTree(f) && (f.bls || f.loader == SystemdBoot || f.loader == UnifiedKernel) {
		all = append(all, kernelCmdline(root, f)...)
	}
	return all
}

// defaultGRUB reads /etc/default/grub and, as Debian and Ubuntu do, what stands in /etc/default/grub.d after it.
func defaultGRUB(root FS, f found) []source {
	const file = "/etc/default/grub"
	text, err := root.read(file)
	if err != nil {
		return nil
	}
	s := newShell()
	s.source(string(text))
	if !root.has("/boot/grub2") {
		files, err := root.glob("/etc/default/grub.d", "*.cfg")
		for _, file := range files {
			var part []byte
			if part, err = root.read(file); err != nil {
				break
			}
			s.source(string(part))
		}
		if err != nil {
			s.forget()
		}
	}
	always, usually := s.get("GRUB_CMDLINE_LINUX"), s.get("GRUB_CMDLINE_LINUX_DEFAULT")
	return []source{{
		file: file, reading: readCmdline(always.text + " " + usually.text), apply: generate(root, f), unknown: always.unknown || usually.unknown,
	}}
}

// generate is the command that writes grub.cfg, or on systems with entry files the one that changes these.
func generate(root FS, f found) string {
	if f.bls {
		return "run `grubby --update-kernel=ALL --args=\"audit=1 audit_backlog_limit=8192\"`"
	}
	for _, e := range f.entries {
		if path.Base(e.File) == "grub.cfg" && !strings.HasPrefix(e.File, "/boot/grub/") {
			return "run `grub2-mkconfig -o " + e.File + "`"
		}
	}
	if root.has("/usr/sbin/update-grub") || root.has("/etc/debian_version") {
		return "run `update-grub`"
	}
	return "run `update-grub`, or `grub-mkconfig -o /boot/grub/grub.cfg` where there is none"
}

// kernelCmdline reads /etc/kernel/cmdline, from which kernel-install makes the entries of kernels that come later.
func kernelCmdline(root FS, f found) []source {
	const file = "/etc/kernel/cmdline"
	text, err := root.read(file)
	if err != nil {
		return nil
	}
	apply := "run `kernel-install add` for each kernel, or install the kernels anew"
	switch f.loader {
	case GRUB:
		apply = generate(root, f)
	case Zipl:
		apply = "add the parameters to the options of the entries in /boot/loader/entries and run zipl"
	default:
	}
	return []source{{file: file, reading: readCmdline(strings.ReplaceAll(string(text), "\n", " ")), apply: apply}}
}

// compareSources tells where the administrator's files and the entries differ.
func compareSources(root FS, f found) []Finding {
	var findings []Finding
	for _, s := range sources(root, f) {
		switch {
		case s.unknown:
			findings = append(findings, Finding{
				ID: SourceUnknown, Severity: Info, File: s.file,
				Message: "this script does more than set variables, so nobody can say without running it which parameters it gives",
				Fix:     "compare it with the entries yourself, or write plain assignments",
			})
		default:
			findings = append(findings, append(s.compare(f.counted()), details(s.reading, s.file, "")...)...)
		}
	}
	return findings
}

// generated says whether tools write the file; entries in custom.cfg and others are those of people.
func generated(file string) bool {
	base := path.Base(file)
	return base == "grub.cfg" || strings.HasSuffix(base, ".conf") || strings.HasSuffix(base, ".efi")
}

func (s source) compare(counted []Entry) []Finding {
	ahead, behind, severity := false, false, Warning
	for _, e := range counted {
		if e.Audit == Unknown || e.Other || e.Rescue || !generated(e.File) {
			continue
		}
		if s.reading.audit == On && e.Audit == Off {
			ahead, severity = true, Error
		}
		ahead = ahead || s.reading.backlog != nil && !same(s.reading.backlog, e.BacklogLimit)
		behind = behind || s.reading.audit == Off && e.Audit == On || s.reading.backlog == nil && e.BacklogLimit != nil
	}
	switch {
	case ahead:
		return []Finding{{
			ID: NotGenerated, Severity: severity, File: s.file,
			Message: "audit parameters are configured here, and entries of the boot loader have others: the change has not been applied", Fix: s.apply,
		}}
	case behind:
		return []Finding{{
			ID: NotInSource, Severity: Warning, File: s.file,
			Message: "entries of the boot loader have audit parameters that are not configured here: the next update of the kernel or of the menu may drop them",
			Fix:     "write the same parameters here",
		}}
	default:
		return nil
	}
}
