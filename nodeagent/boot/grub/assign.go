package grub

import (
	"fmt"
	"maps"
	"strings"
)

// assignment takes a word of the form name=value.
func assignment(t token) (name string, value []part, ok bool) {
	if len(t.parts) == 0 || t.parts[0].variable {
		return "", nil, false
	}
	name, rest, found := strings.Cut(t.parts[0].text, "=")
	if !found || name == "" || !isNameText(name) {
		return "", nil, false
	}
	first := part{text: rest, quoted: true}
	return name, append([]part{first}, t.parts[1:]...), true
}

func isNameText(s string) bool {
	for i := range len(s) {
		if !isName(s[i], i == 0) {
			return false
		}
	}
	return true
}

// assign sets a variable to what its parts may be, with the spaces of variables in them.
func (r *runner) assign(name string, parts []part) {
	for i := range parts {
		parts[i].quoted = true
	}
	var all values
	for _, list := range r.env.word(token{parts: parts}) {
		all = all.with(values{strings.Join(list, " ")})
	}
	r.env[name] = all
}

// set takes "set name=value" in each of its forms. Further words are left out, as GRUB does.
func (r *runner) set(lists [][]string) {
	all := map[string]values{}
	for _, args := range lists {
		if len(args) < 2 {
			continue
		}
		name, value, ok := strings.Cut(args[1], "=")
		switch {
		case isOpen(name):
			r.doubt("a variable whose name only GRUB knows is set")
		case ok:
			all[name] = all[name].with(values{value})
		}
	}
	maps.Copy(r.env, all)
}

// loadEnv reads the environment block: grub.cfg's grubenv, or the file behind -f.
func (r *runner) loadEnv(args []string) {
	file := "grubenv"
	prefix := r.env.get("prefix")
	if len(prefix) == 1 {
		file = prefix[0] + "/grubenv"
	}
	var names []string
	for i := 0; i < len(args); i++ {
		name, value, _ := strings.Cut(args[i], "=")
		switch {
		case (args[i] == "-f" || args[i] == "--file") && i+1 < len(args):
			i++
			file = args[i]
		case name == "--file":
			file = value
		case !strings.HasPrefix(args[i], "-"):
			names = append(names, args[i])
		}
	}
	r.loadFrom(file, names)
}

func (r *runner) loadFrom(file string, names []string) {
	text, err := r.host.Read(file)
	if isMissing(err) {
		return
	}
	if err != nil {
		r.doubt(fmt.Sprintf("its environment block: %v", err))
		return
	}
	r.menu.Files = append(r.menu.Files, file)
	loaded := Environment(text)
	for name, value := range loaded {
		if len(names) == 0 || contains(names, name) {
			r.env[name] = values{value}
			if name == "next_entry" {
				r.once = value
			}
		}
	}
}
