package grub

import (
	"errors"
	"strings"
)

// A part is a piece of a word: text as it is, or a variable. Only variables outside of quotes are split at spaces.
type part struct {
	text     string
	variable bool
	quoted   bool
}

// A token is a word, or one of the signs newline (also ;), { and }, whose sign is not 0.
type token struct {
	sign  byte
	parts []part
	bare  bool // a word without quotes and variables, which may be a keyword
}

var (
	errQuote   = errors.New("a quote is not closed")
	errSign    = errors.New("one of | & < > stands outside of quotes, which GRUB does not understand")
	errNUL     = errors.New("it has bytes that no text has")
	errNesting = errors.New("it is nested too deeply")
)

type lexer struct {
	in     string
	at     int
	tokens []token
	word   token
	open   bool // a word has begun, perhaps an empty one in quotes
}

// lex cuts a script into words and signs.
func lex(text string) ([]token, error) {
	if strings.ContainsAny(text, "\x00\x01") {
		return nil, errNUL // these two stand for open values later
	}
	l := &lexer{in: text, word: token{bare: true}}
	for l.at < len(l.in) {
		if err := l.step(); err != nil {
			return nil, err
		}
	}
	l.sign('\n')
	return l.tokens, nil
}

func (l *lexer) step() error {
	c := l.in[l.at]
	l.at++
	switch c {
	case ' ', '\t', '\r':
		l.end()
	case '\n', ';':
		l.sign('\n')
	case '{', '}':
		l.sign(c)
	case '|', '&', '<', '>':
		return errSign
	case '#':
		l.hash()
	case '\\':
		l.escape()
	case '\'':
		return l.single()
	case '"':
		return l.double()
	case '$':
		l.dollar(false)
	default:
		l.text(string(c), false)
	}
	return nil
}

// hash begins a remark, but only where a word would begin.
func (l *lexer) hash() {
	if l.open {
		l.text("#", false)
		return
	}
	for l.at < len(l.in) && l.in[l.at] != '\n' {
		l.at++
	}
}

func (l *lexer) escape() {
	if l.at == len(l.in) {
		return
	}
	c := l.in[l.at]
	l.at++
	if c != '\n' { // a backslash joins lines
		l.text(string(c), true)
	}
}

func (l *lexer) single() error {
	end := strings.IndexByte(l.in[l.at:], '\'')
	if end < 0 {
		return errQuote
	}
	l.text(l.in[l.at:l.at+end], true)
	l.at += end + 1
	return nil
}

// double reads up to the closing quote. A backslash keeps its meaning only before $, ", \ and a newline.
func (l *lexer) double() error {
	l.text("", true)
	for l.at < len(l.in) {
		c := l.in[l.at]
		l.at++
		switch {
		case c == '"':
			return nil
		case c == '$':
			l.dollar(true)
		case c == '\\' && l.at < len(l.in) && strings.IndexByte("$\"\\\n", l.in[l.at]) >= 0:
			l.escape()
		default:
			l.text(string(c), true)
		}
	}
	return errQuote
}

// dollar reads a variable: $name, ${name}, $1, $@, $*, $#, $?. Another dollar sign is itself.
func (l *lexer) dollar(quoted bool) {
	rest := l.in[l.at:]
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		if end := strings.IndexByte(inner, '}'); end > 0 {
			l.variable(inner[:end], quoted)
			l.at += end + 2
			return
		}
	}
	n := 0
	for n < len(rest) && isName(rest[n], n == 0) {
		n++
	}
	if n == 0 && rest != "" && strings.IndexByte("0123456789@*#?", rest[0]) >= 0 {
		n = 1
	}
	if n == 0 {
		if !strings.HasPrefix(rest, `"`) || quoted { // $"…" is a text to be translated
			l.text("$", quoted)
		}
		return
	}
	l.variable(rest[:n], quoted)
	l.at += n
}

func isName(c byte, first bool) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || !first && c >= '0' && c <= '9'
}

func (l *lexer) text(s string, quoted bool) {
	l.open = true
	l.word.bare = l.word.bare && !quoted
	if n := len(l.word.parts); n > 0 && !l.word.parts[n-1].variable {
		l.word.parts[n-1].text += s
		return
	}
	l.word.parts = append(l.word.parts, part{text: s, quoted: quoted})
}

func (l *lexer) variable(name string, quoted bool) {
	l.open, l.word.bare = true, false
	l.word.parts = append(l.word.parts, part{text: name, variable: true, quoted: quoted})
}

func (l *lexer) end() {
	if l.open {
		l.tokens = append(l.tokens, l.word)
	}
	l.word, l.open = token{bare: true}, false
}

func (l *lexer) sign(c byte) {
	l.end()
	l.tokens = append(l.tokens, token{sign: c})
}
