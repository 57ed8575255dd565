package rule

import "strings"

// logicalLine is a line with those that a backslash at its end joins to it.
type logicalLine struct {
	text   string
	number int
	joined bool
}

// lines calls yield for each logical line of a text. Carriage returns at their ends go.
func lines(text string, yield func(logicalLine)) {
	for number := 1; ; number++ {
		physical, rest, more := strings.Cut(text, "\n")
		line := logicalLine{text: strings.TrimSuffix(physical, "\r"), number: number}
		for endsOpen(line.text) && more {
			physical, rest, more = strings.Cut(rest, "\n")
			line.text = strings.TrimSuffix(line.text, `\`) + strings.TrimSuffix(physical, "\r")
			line.joined = true
			number++
		}
		yield(line)
		if !more {
			return
		}
		text = rest
	}
}

// endsOpen says whether the line goes on: it ends with a space and a backslash. A backslash that belongs to a word does not.
func endsOpen(line string) bool { return strings.HasSuffix(line, ` \`) }
