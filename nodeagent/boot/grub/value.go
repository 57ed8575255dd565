package grub

import (
	"maps"
	"slices"
	"strings"
)

// Open values stand in texts as these two bytes, which no configuration has.
const (
	anything = "\x00" // any text, of any number of words
	oneWord  = "\x01" // a device, a UUID: something without spaces that is not empty
)

// wordLimit is how long a word may be; the longest command line of a kernel has 4096 bytes.
const wordLimit = 1 << 14

// altLimit is how many values a variable may have before it may have any.
const altLimit = 64

// values are what a text may be; there is always at least one.
type values []string

func (v values) with(other values) values {
	all := slices.Clone(v)
	for _, s := range other {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if len(all) > altLimit {
		return values{anything}
	}
	return all
}

// env is the variables. One that is not in it is empty, unless GRUB sets it itself.
type env map[string]values

func (e env) get(name string) values {
	if v, ok := e[name]; ok {
		return v
	}
	return builtin(name)
}

// builtin is what a variable has that the configuration has not set. Variables of booting over the network are empty: the files that are
// read here are those of a disk.
func builtin(name string) values {
	switch {
	case name == "feature_menuentry_id" || name == "feature_timeout_style" || name == "feature_default_font_path":
		return values{"y"} // since GRUB 2.02
	case strings.HasPrefix(name, "feature_"), strings.HasPrefix(name, "grub_"), name == "?", name == "lockdown", name == "shim_lock":
		return values{anything}
	case name == "root" || name == "cmdpath":
		return values{oneWord}
	default:
		return values{""}
	}
}

// joined is the environment behind a branch of which nobody knows whether it was taken.
func joined(a, b env) env {
	all := env{}
	for name := range maps.Keys(a) {
		all[name] = a[name].with(b.get(name))
	}
	for name := range maps.Keys(b) {
		if _, done := all[name]; !done {
			all[name] = b[name].with(a.get(name))
		}
	}
	return all
}

// expand returns what the words may become: usually one list of arguments.
func (e env) expand(words []token) [][]string {
	lists := [][]string{nil}
	for _, w := range words {
		var longer [][]string
		for _, alternative := range e.word(w) {
			for _, list := range lists {
				longer = append(longer, slices.Concat(list, alternative))
			}
		}
		if lists = longer; len(lists) > altLimit {
			return [][]string{{anything}}
		}
	}
	return lists
}

// isOpen says whether a text has parts that nobody knows.
func isOpen(text string) bool { return strings.ContainsAny(text, anything+oneWord) }
