package boot

import (
	"fmt"
	"path"
	"strings"
)

// Loader is a boot loader.
type Loader string

// The boot loaders that are known.
const (
	GRUB          Loader = "grub"                 // GRUB 2
	SystemdBoot   Loader = "systemd-boot"         // with entries, unified kernel images or both
	UnifiedKernel Loader = "unified-kernel-image" // started by the firmware itself
	Extlinux      Loader = "extlinux"             // or U-Boot, which reads the same file
	Zipl          Loader = "zipl"                 // of IBM Z
	NoLoader      Loader = "none"                 // nothing of any is to be seen
	AnyLoader     Loader = "unknown"              // there are several, and nothing says which one is used
)

// found is what one boot loader's files say.
type found struct {
	loader   Loader
	present  bool // it has files here
	entries  []Entry
	findings []Finding
	doubt    string // why nothing about the next boot is certain
	bls      bool   // entries of the Boot Loader Specification
}

// doubtful notes the first reason for which nothing is certain.
func (f *found) doubtful(why string) {
	if f.doubt == "" {
		f.doubt = why
	}
}

// counted returns the entries on which the verdict rests.
func (f *found) counted() []Entry {
	var counted []Entry
	for _, e := range f.entries {
		if e.counts() {
			counted = append(counted, e)
		}
	}
	return counted
}

func (e Entry) counts() bool { return e.Default || (!e.Rescue && !e.Other) }

// judged fills in what follows from the command lines that an entry may have.
func (e Entry) judged(lines ...string) Entry {
	e.Audit = Unknown
	for i, line := range lines {
		r := readCmdline(line)
		if i == 0 {
			e.Cmdline, e.reading, e.Audit, e.BacklogLimit = line, r, r.audit, r.backlog
			continue
		}
		if r.audit != e.reading.audit {
			e.doubtful("its command line depends on what only the boot loader knows")
		}
		if !same(r.backlog, e.BacklogLimit) {
			e.BacklogLimit = nil
		}
	}
	if e.reading.bootconfig {
		e.doubtful("the parameter bootconfig lets the initial ram disk add parameters, which are not read here")
	}
	e.Rescue = e.Rescue || isRescue(e)
	if e.Doubt != "" {
		e.Audit, e.BacklogLimit = Unknown, nil
	}
	return e
}

func (e *Entry) doubtful(why string) {
	if e.Doubt == "" {
		e.Doubt = why
	}
}

// noLinux is the doubt about entries that are Other.
const noLinux = "it starts no Linux kernel that could be seen"

// isRescue knows entries for repairs by their name, or by the system that they start.
func isRescue(e Entry) bool {
	name := strings.ToLower(e.Title + " " + e.ID + " " + path.Base(e.File))
	if strings.Contains(name, "rescue") || strings.Contains(name, "recovery") {
		return true
	}
	kernel, _ := parameters(e.Cmdline)
	for _, p := range kernel {
		switch p.String() {
		case "single", "s", "S", "1", "rescue", "emergency", "systemd.unit=rescue.target", "systemd.unit=emergency.target":
			return true
		}
	}
	return false
}

// unreadable is a finding about a file that should tell something and cannot be read.
func (f *found) unreadable(file string, err error) {
	f.findings = append(f.findings, Finding{
		ID: FileUnreadable, Severity: Error, File: file, Message: err.Error(),
		Fix: "run nodeaudit as root of the node, with --root where its files are mounted",
	})
	f.doubtful(fmt.Sprintf("a file of the boot loader is not readable: %v", err))
}

func trimLine(text []byte) string { return strings.TrimRight(string(text), "\n\x00") }
