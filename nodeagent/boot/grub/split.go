package grub

import (
	"slices"
	"strings"
)

// partial is the arguments that a word has given so far, and the one it is still giving.
type partial struct {
	done []string
	tail string
	open bool
}

// long says that a word is longer than any command line, as one becomes that doubles itself in a loop.
func (s partial) long() bool { return len(s.tail) > wordLimit || len(s.done) > wordLimit }

// word returns what one word may become. A variable outside of quotes may become several arguments, or none.
func (e env) word(t token) [][]string {
	states := []partial{{}}
	for _, p := range t.parts {
		states = e.part(states, p)
		if len(states) > altLimit || slices.ContainsFunc(states, partial.long) {
			return [][]string{{anything}}
		}
	}
	var lists [][]string
	for _, s := range states {
		if s.open {
			s.done = append(s.done, s.tail)
		}
		lists = append(lists, s.done)
	}
	return lists
}

func (e env) part(states []partial, p part) []partial {
	options := values{p.text}
	if p.variable {
		options = e.get(p.text)
	}
	var grown []partial
	for _, s := range states {
		for _, text := range options {
			next := partial{slices.Clone(s.done), s.tail, s.open}
			if p.variable && !p.quoted {
				next.split(text)
			} else {
				next.tail, next.open = next.tail+text, true
			}
			grown = append(grown, next)
		}
	}
	return grown
}

// split adds the value of a variable outside of quotes: its spaces end arguments.
func (s *partial) split(text string) {
	for text != "" {
		end := strings.IndexAny(text, " \t\n")
		if end < 0 {
			s.tail, s.open = s.tail+text, true
			return
		}
		if end > 0 {
			s.tail, s.open = s.tail+text[:end], true
		}
		if s.open {
			s.done = append(s.done, s.tail)
		}
		s.tail, s.open, text = "", false, text[end+1:]
	}
}

// joinArguments writes arguments as GRUB hands them to Linux: one with a space gets quotes, and quotes and backslashes get a backslash.
func joinArguments(args []string) string {
	quoted := make([]string, 0, len(args))
	for _, arg := range args {
		arg = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`).Replace(arg)
		if strings.Contains(arg, " ") {
			arg = `"` + arg + `"`
		}
		quoted = append(quoted, arg)
	}
	return strings.Join(quoted, " ")
}
