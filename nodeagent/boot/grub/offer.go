package grub

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// offer adds an entry or a submenu. Its commands run when the whole configuration has been read, with the variables of that time.
func (r *runner) offer(args []string, s statement) {
	if len(s.blocks) == 0 || len(args) < 2 {
		return
	}
	e := &Entry{Title: plain(args[1]), File: r.file, Submenu: args[0] == "submenu", body: s.blocks[0], args: args[1:]}
	for i, arg := range args[2:] {
		if value, ok := strings.CutPrefix(arg, "--id="); ok {
			e.ID = value
		} else if arg == "--id" && i+3 < len(args) {
			e.ID = args[i+3]
		}
	}
	r.add(e)
}

func (r *runner) add(e *Entry) {
	if len(r.menu.Entries) >= entryLimit || (r.parent != nil && len(r.parent.Place) >= menuLimit) {
		r.doubt("it has too many entries, or submenus in submenus")
		return
	}
	position := len(r.menu.below(r.parent))
	if p := r.parent; p != nil {
		e.Parents = append(slices.Clone(p.Parents), p.Title)
		e.Place = slices.Clone(p.Place)
		p.handsOver = p.handsOver || !p.Submenu
		p.Submenu = true
	}
	e.Place = append(e.Place, position)
	r.menu.Entries = append(r.menu.Entries, e)
}

// finish runs the commands of every entry; those of submenus add entries.
func (r *runner) finish() {
	r.menu.chosen = r.env.get("default")
	r.menu.Once = r.once != "" && len(r.menu.chosen) == 1 && r.menu.chosen[0] == r.once
	global := r.env
	for i := 0; i < len(r.menu.Entries); i++ {
		e := r.menu.Entries[i]
		if e.body == nil {
			continue
		}
		r.env, r.file, r.unsure, r.depth = maps.Clone(global), e.File, 0, 0
		r.entry, r.parent = e, nil
		if e.Submenu {
			r.parent = e
		}
		r.invoke(e.body, append([]string{"menuentry"}, e.args...))
	}
	r.env, r.entry, r.parent = global, nil, nil
	slices.SortStableFunc(r.menu.Entries, func(a, b *Entry) int { return slices.Compare(a.Place, b.Place) })
}

// linux notes a kernel and its command line. Outside of an entry the configuration boots it without a menu.
func (r *runner) linux(args []string) {
	if len(args) == 0 {
		r.doubt("it loads a kernel whose name only GRUB knows")
		return
	}
	e := r.entry
	if e == nil {
		e = &Entry{Title: "(without a menu)", File: r.file}
		r.add(e)
	}
	line := Line{Kernel: plain(args[0]), Cmdline: plain(joinArguments(args[1:])), Sure: sure(args)}
	if r.unsure == 0 && !e.Submenu {
		e.Lines = nil // a second kernel takes the place of the first
	}
	if !slices.Contains(e.Lines, line) {
		e.Lines = append(e.Lines, line)
	}
}

// sure says whether no open value can hide a parameter. One behind "name=" is part of that parameter; one of which nothing is known may have
// spaces.
func sure(args []string) bool {
	for _, arg := range args[1:] {
		name, _, _ := strings.Cut(arg, "=")
		if strings.Contains(arg, anything) || strings.Contains(name, oneWord) || (isOpen(arg) && strings.HasPrefix(name, "audit")) {
			return false
		}
	}
	return true
}

// module notes the kernel that Xen starts as its first guest. A leading word "placeholder" is eaten by Xen.
func (r *runner) module(args []string) {
	if len(args) > 0 && args[0] == "--nounzip" {
		args = args[1:]
	}
	if len(args) == 0 || !strings.HasPrefix(path.Base(args[0]), "vmlinu") {
		return
	}
	if len(args) > 1 && args[1] == "placeholder" {
		args = slices.Delete(slices.Clone(args), 1, 2)
	}
	r.linux(args)
}

// blscfg adds the entries of the Boot Loader Specification. Their options are text of a script, in which variables are replaced.
func (r *runner) blscfg(args []string) {
	dir := ""
	if v := r.env.get("blsdir"); len(v) == 1 {
		dir = v[0]
	}
	if n := len(args); n > 0 && strings.ContainsAny(args[n-1], "/") {
		dir = args[n-1]
	}
	entries, err := r.host.Entries(dir)
	if err != nil {
		r.doubt(err.Error())
	}
	for _, b := range entries {
		if !b.HasOptions {
			b.Options = "$default_kernelopts"
		}
		e := &Entry{Title: b.Title, ID: b.ID, File: b.File}
		if e.body, err = parse("linux " + b.Linux + " " + b.Options); err != nil {
			e.Doubt = b.File + ": " + err.Error()
		}
		r.add(e)
	}
}
