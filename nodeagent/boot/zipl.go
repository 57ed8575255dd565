package boot

import (
	"fmt"
	"strings"
	"time"
)

// lookForZipl reads the boot loader of IBM Z. What the machine boots is the boot map that zipl has written; zipl.conf and the entries of the
// Boot Loader Specification are its sources. They count only where the boot map is not older than they are.
func lookForZipl(root FS) found {
	f := found{loader: Zipl}
	const file = "/etc/zipl.conf"
	text, err := root.read(file)
	if missing(err) {
		return f
	}
	f.present = true
	if err != nil {
		f.unreadable(file, err)
		return f
	}
	f.entries = ziplSections(file, string(text))
	if len(f.entries) == 0 {
		f.ziplSnippets(root)
	}
	f.compareBootMap(root, file)
	return f
}

func (f *found) ziplSnippets(root FS) {
	all, err := snippets(root, "/boot/loader/entries")
	if err != nil {
		f.unreadable("/boot/loader/entries", err)
	}
	newestFirst(all)
	for _, s := range all {
		if s.linux == "" {
			f.withoutKernel(s)
			continue
		}
		e := Entry{Title: s.name(), ID: s.id, File: s.file, Kernel: s.linux}
		if strings.Contains(s.options, "$") {
			e.doubtful("it has variables, which zipl does not replace")
		}
		f.bls = true
		f.entries = append(f.entries, e.judged(s.options))
	}
	if len(f.entries) > 0 {
		f.entries[0].Default = true
	}
}

// ziplSections reads zipl.conf: [name] with image= and parameters=, [defaultboot] with default=, and menus, which only list sections.
func ziplSections(file, text string) []Entry {
	values := map[string]map[string]string{}
	var order []string
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			section = line[1 : len(line)-1]
			order = append(order, section)
			values[section] = map[string]string{}
		case line[0] == ':':
			section = line
			values[section] = map[string]string{}
		case values[section] != nil:
			name, value, _ := strings.Cut(line, "=")
			values[section][strings.TrimSpace(name)] = unquote(strings.TrimSpace(value))
		}
	}
	var entries []Entry
	for _, name := range order {
		if v := values[name]; v["image"] != "" {
			e := Entry{Title: name, ID: name, File: file, Kernel: v["image"], Default: values["defaultboot"]["default"] == name}
			if v["parmfile"] != "" {
				e.doubtful("its parameters stand in " + v["parmfile"] + ", which is not read")
			}
			entries = append(entries, e.judged(v["parameters"]))
		}
	}
	return entries
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// compareBootMap says whether zipl has run since its sources were written.
func (f *found) compareBootMap(root FS, file string) {
	const bootMap = "/boot/bootmap"
	written, err := root.stat(bootMap)
	if err != nil {
		f.ziplNotRun(bootMap, fmt.Sprintf("the boot map is not to be seen (%v), so nobody knows what it has", err))
		return
	}
	newest := modified(root, file)
	for _, e := range f.entries {
		if t := modified(root, e.File); t.After(newest) {
			newest, file = t, e.File
		}
	}
	if newest.After(written.ModTime()) {
		f.ziplNotRun(file, file+" is newer than the boot map: the next boot does not have it yet")
	}
}

func modified(root FS, file string) time.Time {
	info, err := root.stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (f *found) ziplNotRun(file, message string) {
	f.doubtful("the boot map of zipl may have other command lines")
	f.findings = append(f.findings, Finding{ID: ZiplNotRun, Severity: Error, File: file, Message: message, Fix: "run zipl"})
}
