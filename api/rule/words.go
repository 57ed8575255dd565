package rule

import "strings"

// word is a piece of a line with the column at which it begins.
type word struct {
	text   string
	column int
}

const noBreakSpace = "\u00a0"

// cut cuts the line into words at white space. Quotes keep what they enclose together, and a backslash keeps a space; auditctl takes neither
// quotes nor tabs in a file, so both are remarked upon.
func (p *parser) cut(line string) {
	p.words = p.words[:0]
	for at := p.skipBlank(line, 0); at < len(line); at = p.skipBlank(line, at) {
		end := plainEnd(line, at)
		text := line[at:end]
		if end < len(line) && line[end] != ' ' {
			text, end = p.knotted(line, at)
		}
		p.words = append(p.words, word{text, at + 1})
		at = end
	}
}

// plainEnd is the end of what is the word as it stands: at a space, or at a byte that may be more than itself.
func plainEnd(line string, at int) int {
	for ; at < len(line); at++ {
		switch c := line[at]; {
		case c <= ' ', c == '"', c == '\'', c == '\\', c == noBreakSpace[0]:
			return at
		}
	}
	return at
}

// blank is the length of the white space at a place in the line.
func blank(line string, at int) int {
	switch {
	case at == len(line):
		return 0
	case line[at] == ' ', line[at] == '\t':
		return 1
	case strings.HasPrefix(line[at:], noBreakSpace):
		return len(noBreakSpace)
	}
	return 0
}

func (p *parser) skipBlank(line string, at int) int {
	for at < len(line) {
		if line[at] == ' ' {
			at++
			continue
		}
		n := blank(line, at)
		if n == 0 {
			return at
		}
		p.warn(at+1, "auditctl takes a tab or a no-break space for a part of the word; here it is a space")
		at += n
	}
	return at
}

// knotted reads a word with quotes or backslashes in it.
func (p *parser) knotted(line string, start int) (text string, end int) {
	var b strings.Builder
	quote := byte(0)
	i := start
	for ; i < len(line) && (quote != 0 || blank(line, i) == 0); i++ {
		c := line[i]
		switch {
		case c < ' ' && c != '\t':
			p.fail(i+1, "end lines with a line feed, and write no other control character", "control character %#02x", c)
			return b.String(), len(line)
		case c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case opensQuote(line, start, i):
			p.warn(i+1, "auditctl keeps quotes as part of the word; here they only enclose it")
			quote = c
		case c == '\\' && frees(line, start, i+1):
			i++
			b.WriteByte(line[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), i
}

// opensQuote says whether a quote at i begins a quotation: at the beginning of a word or of a value, and closed later.
func opensQuote(line string, start, i int) bool {
	return isQuote(line[i]) && begins(line, start, i) && strings.IndexByte(line[i+1:], line[i]) >= 0
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// begins says whether a word or a value begins at i.
func begins(s string, start, i int) bool { return i == start || strings.IndexByte("=<>&", s[i-1]) >= 0 }

// frees says whether a backslash before i makes what stands there a part of the word and nothing more. auditctl knows this of a space and of a
// backslash.
func frees(line string, start, i int) bool {
	return blank(line, i) > 0 || i < len(line) && (line[i] == '\\' || (isQuote(line[i]) || line[i] == '#') && begins(line, start, i-1))
}

// escape writes a value so that it is read as the same.
func escape(s string) string {
	if plainEnd(s, 0) == len(s) && !strings.HasPrefix(s, "#") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; blank(s, i) > 0 || c == '\\' || (isQuote(c) || c == '#') && begins(s, 0, i) {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
