package boot

import "strings"

// shellPart is a piece of a word: text, the name of a variable, or something of which nothing is known.
type shellPart struct {
	text              string
	variable, unknown bool
	quoted            bool
}

type shellWord struct{ parts []shellPart }

// shellCommand is the words up to a newline or a semicolon. It is complex where it has signs that join or redirect commands.
type shellCommand struct {
	words   []shellWord
	complex bool
}

func (c shellCommand) first() string {
	if len(c.words) == 0 {
		return ""
	}
	return c.words[0].literal()
}

// literal is the text of a word without quotes and variables.
func (w shellWord) literal() string {
	if len(w.parts) != 1 || w.parts[0].variable || w.parts[0].unknown || w.parts[0].quoted {
		return ""
	}
	return w.parts[0].text
}

// assignment takes a word of the form NAME=value.
func (w shellWord) assignment() (name string, value []shellPart, ok bool) {
	if len(w.parts) == 0 || w.parts[0].variable || w.parts[0].unknown || w.parts[0].quoted {
		return "", nil, false
	}
	name, rest, found := strings.Cut(w.parts[0].text, "=")
	if !found || !isShellName(name) {
		return "", nil, false
	}
	return name, append([]shellPart{{text: rest}}, w.parts[1:]...), true
}

type shellLexer struct {
	in       string
	at       int
	commands []shellCommand
	now      shellCommand
	word     shellWord
	open     bool
	broken   bool
}

// shellCommands cuts a script into simple commands. Whole is false where a quote or a substitution does not end.
func shellCommands(text string) (commands []shellCommand, whole bool) {
	l := &shellLexer{in: text}
	for l.at < len(l.in) && !l.broken {
		l.step()
	}
	l.endCommand()
	return l.commands, !l.broken
}

func (l *shellLexer) step() {
	c := l.in[l.at]
	l.at++
	switch c {
	case ' ', '\t', '\r':
		l.endWord()
	case '\n', ';':
		l.endCommand()
	case '|', '&', '<', '>', '(', ')':
		l.endWord()
		l.now.complex = true
	case '#':
		if l.open {
			l.add(shellPart{text: "#"})
			return
		}
		l.at = l.find("\n")
	case '\'':
		end := l.find("'")
		l.add(shellPart{text: l.in[l.at:end], quoted: true})
		l.closed(end)
	case '"':
		l.double()
	default:
		l.plain(c, false)
	}
}

// plain reads what means the same inside and outside of double quotes, nearly.
func (l *shellLexer) plain(c byte, quoted bool) {
	switch c {
	case '`':
		end := l.find("`")
		l.add(shellPart{unknown: true})
		l.closed(end)
	case '$':
		l.dollar(quoted)
	case '\\':
		l.escape(quoted)
	default:
		l.add(shellPart{text: string([]byte{c}), quoted: quoted})
	}
}

func (l *shellLexer) double() {
	l.add(shellPart{quoted: true})
	for l.at < len(l.in) && !l.broken {
		c := l.in[l.at]
		l.at++
		if c == '"' {
			return
		}
		l.plain(c, true)
	}
	l.broken = true
}

func (l *shellLexer) escape(quoted bool) {
	if l.at == len(l.in) {
		l.broken = true
		return
	}
	c := l.in[l.at]
	l.at++
	text := string([]byte{c})
	switch {
	case c == '\n':
		return
	case quoted && strings.IndexByte("$`\"\\", c) < 0:
		text = "\\" + text
	}
	l.add(shellPart{text: text, quoted: true})
}

// dollar reads $NAME and ${NAME}. Every other form, such as $(command) or ${NAME:-word}, is unknown.
func (l *shellLexer) dollar(quoted bool) {
	rest := l.in[l.at:]
	n := 0
	for n < len(rest) && isShellName(rest[:n+1]) {
		n++
	}
	inner := ""
	if strings.HasPrefix(rest, "{") {
		inner, _, _ = strings.Cut(rest[1:], "}")
	}
	switch {
	case n > 0:
		l.add(shellPart{text: rest[:n], variable: true})
		l.at += n
	case isShellName(inner) && len(inner)+1 < len(rest):
		l.add(shellPart{text: inner, variable: true})
		l.at += len(inner) + 2
	case strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, "{"):
		l.add(shellPart{unknown: true})
		l.skipNested()
	case rest != "" && !quoted && strings.IndexByte(" \t\n;", rest[0]) < 0, rest != "" && quoted && rest[0] != '"' && rest[0] != ' ':
		l.add(shellPart{unknown: true})
		l.at++
	default:
		l.add(shellPart{text: "$", quoted: true})
	}
}

// skipNested passes over brackets and what is between them. Brackets in quotes within are counted as well; that ends in "unknown" too late or
// never, not in a wrong value.
func (l *shellLexer) skipNested() {
	depth := 0
	for ; l.at < len(l.in); l.at++ {
		switch l.in[l.at] {
		case '(', '{':
			depth++
		case ')', '}':
			depth--
		}
		if depth == 0 {
			l.at++
			return
		}
	}
	l.broken = true
}

func (l *shellLexer) find(sign string) int {
	if i := strings.Index(l.in[l.at:], sign); i >= 0 {
		return l.at + i
	}
	return len(l.in)
}

func (l *shellLexer) closed(end int) {
	l.broken = l.broken || end == len(l.in)
	l.at = min(end+1, len(l.in))
}

func (l *shellLexer) add(p shellPart) {
	l.open = true
	if n := len(l.word.parts); n > 0 && !p.variable && !p.unknown {
		if last := &l.word.parts[n-1]; !last.variable && !last.unknown && last.quoted == p.quoted {
			last.text += p.text
			return
		}
	}
	l.word.parts = append(l.word.parts, p)
}

func (l *shellLexer) endWord() {
	if l.open {
		l.now.words = append(l.now.words, l.word)
	}
	l.word, l.open = shellWord{}, false
}

func (l *shellLexer) endCommand() {
	l.endWord()
	if len(l.now.words) > 0 || l.now.complex {
		l.commands = append(l.commands, l.now)
	}
	l.now = shellCommand{}
}
