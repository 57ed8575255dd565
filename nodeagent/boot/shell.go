package boot

import "maps"

// shellValue is the value of a shell variable, as far as it is known without running a shell.
type shellValue struct {
	text    string
	unknown bool
}

// shell is what is known of the variables behind the lines that have been read. Plain assignments are followed; everything else a shell can
// do makes variables unknown, and is not guessed.
type shell struct {
	vars    map[string]shellValue
	unknown bool // variables that are not in vars may have any value
}

func newShell() *shell { return &shell{vars: map[string]shellValue{}} }

func (s *shell) get(name string) shellValue {
	if v, ok := s.vars[name]; ok {
		return v
	}
	return shellValue{unknown: s.unknown}
}

// source reads a file as "." of a shell would.
func (s *shell) source(text string) {
	commands, whole := shellCommands(text)
	for _, c := range commands {
		if !s.command(c) {
			whole = false
			break
		}
	}
	if !whole {
		s.forget()
	}
}

// forget makes every variable unknown.
func (s *shell) forget() {
	s.unknown = true
	for name := range maps.Keys(s.vars) {
		s.vars[name] = shellValue{unknown: true}
	}
}

// compound are words behind which it is open whether the next lines are run.
var compound = map[string]bool{
	"if": true, "then": true, "else": true, "elif": true, "fi": true, "for": true, "while": true, "until": true, "do": true, "done": true,
	"case": true, "esac": true, "function": true, "{": true, "}": true, "return": true, "exit": true, "eval": true, "[[": true, "!": true,
}

// command runs one simple command. It returns false where nothing that follows is certain.
func (s *shell) command(c shellCommand) bool {
	words := c.words
	if len(words) > 0 && (words[0].literal() == "export" || words[0].literal() == "readonly") {
		words = words[1:]
		for len(words) > 0 && isShellName(words[0].literal()) {
			words = words[1:]
		}
	}
	switch first := c.first(); {
	case compound[first]:
		return false
	case first == ":" || first == "true" || first == "echo":
		return true
	case c.complex:
		s.forget()
		return true
	}
	for _, w := range words {
		if name, value, ok := w.assignment(); ok {
			s.vars[name] = s.value(value)
			continue
		}
		s.forget() // another command, which may set anything
		break
	}
	return true
}

// value replaces the variables of a word.
func (s *shell) value(parts []shellPart) shellValue {
	var v shellValue
	for _, p := range parts {
		part := shellValue{text: p.text, unknown: p.unknown}
		if p.variable {
			part = s.get(p.text)
		}
		v.text += part.text
		v.unknown = v.unknown || part.unknown || len(v.text) > cmdlineLimit
		if v.unknown {
			return shellValue{unknown: true}
		}
	}
	return v
}

func isShellName(name string) bool {
	for i, c := range name {
		if c != '_' && !isLetter(c) && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}
