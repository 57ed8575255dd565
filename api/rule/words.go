package rule

import (
	"strings"
	"unicode/utf8"
)

// word is a piece of a line with the column at which it begins.
type word struct {
	text   string
	column int
}

const noBreakSpace = "\u00a0"

// words cuts a line at white space. Quotes keep what they enclose together, and a backslash keeps a space; auditctl takes neither quotes nor
// tabs in a file, so both are remarked upon.
func words(line string, remark func(column int, message string)) []word {
	var found []word
	var text strings.Builder
	start, quote := -1, byte(0)
	begin := func(at int) {
		if start < 0 {
			start = at
		}
	}
	end := func() {
		if start >= 0 {
			found = append(found, word{text.String(), start + 1})
			text.Reset()
			start = -1
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			text.WriteByte(c)
		case (c == '"' || c == '\'') && (start < 0 || strings.IndexByte("=<>&", line[i-1]) >= 0) && strings.IndexByte(line[i+1:], c) >= 0:
			remark(i+1, "auditctl keeps quotes as part of the word; here they only enclose it")
			begin(i)
			quote = c
		case c == '\\' && i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\\'):
			begin(i)
			text.WriteByte(line[i+1])
			i++
		case c == ' ':
			end()
		case c == '\t' || strings.HasPrefix(line[i:], noBreakSpace):
			remark(i+1, "auditctl takes a tab or a no-break space for a part of the word; here it is a space")
			end()
			_, size := utf8.DecodeRuneInString(line[i:])
			i += size - 1
		default:
			begin(i)
			text.WriteByte(c)
		}
	}
	end()
	return found
}

// logicalLine is a line with those that a backslash at its end joins to it.
type logicalLine struct {
	text   string
	number int
	joined bool
}

// lines cuts a text into logical lines. Carriage returns at their ends go.
func lines(text string) []logicalLine {
	var found []logicalLine
	physical := strings.Split(text, "\n")
	for i := 0; i < len(physical); i++ {
		line := logicalLine{text: strings.TrimSuffix(physical[i], "\r"), number: i + 1}
		for endsOpen(line.text) && i+1 < len(physical) {
			i++
			line.text = strings.TrimSuffix(line.text, `\`) + strings.TrimSuffix(physical[i], "\r")
			line.joined = true
		}
		found = append(found, line)
	}
	return found
}

// endsOpen says whether the line goes on: it ends with a space and a backslash. A backslash that belongs to a word does not.
func endsOpen(line string) bool { return strings.HasSuffix(line, ` \`) }
