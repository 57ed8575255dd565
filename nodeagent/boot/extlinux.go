package boot

import (
	"path"
	"strings"
)

// extlinuxConfigs are the places where extlinux, syslinux and U-Boot look.
var extlinuxConfigs = []string{"/boot/extlinux/extlinux.conf", "/extlinux/extlinux.conf", "/boot/extlinux.conf", "/boot/syslinux/syslinux.cfg"}

// lookForExtlinux reads the configuration of extlinux, which U-Boot reads as well.
func lookForExtlinux(root FS) found {
	f := found{loader: Extlinux}
	for _, file := range extlinuxConfigs {
		text, err := root.read(file)
		if missing(err) {
			continue
		}
		f.present = true
		if err != nil {
			f.unreadable(file, err)
			continue
		}
		p := extlinux{root: root, found: &f, wanted: map[string]bool{}}
		p.file(file, text, 0)
		p.finish()
	}
	return f
}

// label is one choice, as far as it has been read.
type label struct {
	Entry
	append  string
	given   bool // it has an append line of its own
	linux   bool
	chosen  bool // by "menu default"
	indexed string
}

type extlinux struct {
	root   FS
	found  *found
	labels []*label
	global string
	wanted map[string]bool // labels that are the default
}

// file reads a configuration line by line. Keywords are the same in large and small letters.
func (p *extlinux) file(name string, text []byte, depth int) {
	for line := range strings.Lines(string(text)) {
		keyword, value, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(line), "\t", " "), " ")
		p.line(name, strings.ToLower(keyword), strings.TrimSpace(value), depth)
	}
}

func (p *extlinux) line(file, keyword, value string, depth int) {
	switch keyword {
	case "label":
		p.labels = append(p.labels, &label{Entry: Entry{Title: value, ID: value, File: file}, indexed: value})
	case "default", "ontimeout":
		if keyword == "ontimeout" {
			clear(p.wanted)
		}
		p.wanted[value] = true
	case "menu":
		p.menu(value)
	case "include":
		p.include(path.Join(path.Dir(file), value), depth)
	default:
		p.option(keyword, value)
	}
}

func (p *extlinux) option(keyword, value string) {
	l := p.current()
	switch {
	case keyword == "append" && l == nil:
		p.global = value
	case l == nil:
	case keyword == "append":
		l.append, l.given = value, true
	case keyword == "linux", keyword == "kernel":
		l.Kernel, l.linux = value, !strings.HasSuffix(value, ".c32") && !strings.HasSuffix(value, ".com")
	case keyword == "localboot", keyword == "com32", keyword == "config", keyword == "boot", keyword == "fit":
		l.doubtful(noLinux)
	}
}

func (p *extlinux) current() *label {
	if len(p.labels) == 0 {
		return nil
	}
	return p.labels[len(p.labels)-1]
}

func (p *extlinux) menu(value string) {
	keyword, rest, _ := strings.Cut(value, " ")
	l := p.current()
	switch strings.ToLower(keyword) {
	case "label":
		if l != nil {
			l.Title = strings.TrimSpace(strings.ReplaceAll(rest, "^", ""))
		}
	case "default":
		if l != nil {
			l.chosen = true
		}
	case "include":
		name, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		p.include(path.Join("/boot/extlinux", name), 1)
	}
}

func (p *extlinux) include(file string, depth int) {
	text, err := p.root.read(file)
	switch {
	case depth > 4:
		p.found.doubtful("files of extlinux include each other too deeply")
	case err != nil:
		p.found.unreadable(file, err)
	default:
		p.file(file, text, depth+1)
	}
}

// finish judges the labels. One without an append line has the global one; a hyphen means none.
func (p *extlinux) finish() {
	menu := false
	for _, l := range p.labels {
		menu = menu || l.chosen
	}
	for i, l := range p.labels {
		line := l.append
		if !l.given {
			line = p.global
		}
		if line == "-" {
			line = ""
		}
		l.Default = l.chosen || (!menu && (p.wanted[l.indexed] || (len(p.wanted) == 0 && i == 0)))
		if !l.linux {
			l.Other = true
			l.doubtful(noLinux)
		}
		p.found.entries = append(p.found.entries, l.judged(line))
	}
}
