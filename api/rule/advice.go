package rule

import (
	"fmt"
	"strings"
)

const oneNumber = "write one number of 32 bits"

// unknownValue says what is wrong with a value that is none of the field's.
func unknownValue(t *fieldType, s string) *wrongValue {
	wrong := &wrongValue{fmt.Sprintf("value %q of %s is not known", s, t.name), oneNumber}
	switch t.kind {
	case message:
		wrong.fix = closest(s, messageTypes().numbers, "write the name of a record type, for example PATH, or its number")
	case file:
		wrong.fix = "write file, dir, socket, link, character, block or fifo"
	case fstype:
		wrong.fix = "write debugfs, tracefs, cgroup, cgroup2 or the magic number of the file system"
	case exitOf:
		wrong.fix = closest(strings.TrimPrefix(s, "-"), errnos().numbers, "write a number, or the name of an error such as -EACCES")
	case family:
		wrong.fix = familyFix(s)
	case number, session:
		if t.name == "success" {
			wrong.fix = "write 1 for calls that succeed, 0 for those that fail"
		} else if strings.HasPrefix(s, "-") {
			wrong.fix = "write a number that is not negative"
		}
	default:
	}
	return wrong
}

// familyFix gives the number of an address family whose name auditctl would read as 0.
func familyFix(s string) string {
	known := families()
	if n, isName := known.numbers[strings.TrimPrefix(strings.ToLower(s), "af_")]; isName && n < known.numbers["max"] {
		return fmt.Sprintf("write its number, %d", n)
	}
	return fmt.Sprintf("write the number of an address family, from 0 to %d", known.numbers["max"]-1)
}

// unknownID says what is wrong with an id of which auditctl would read the beginning.
func unknownID(t *fieldType, s string) *wrongValue {
	wrong := &wrongValue{
		fmt.Sprintf("value %q of %s is neither a number nor a name", s, t.name),
		"write one number or one name; for several, write several -F or several rules",
	}
	if first, last, isRange := strings.Cut(s, "-"); isRange {
		low, isNumber := parseNumber(first)
		if high, both := parseNumber(last); isNumber && both && low < high {
			wrong.fix = fmt.Sprintf("for a range, write -F %s>=%s -F %s<=%s", t.name, first, t.name, last)
		}
	} else if first, _, isList := strings.Cut(s, ","); isList {
		wrong.fix = fmt.Sprintf("all conditions of a rule must hold: write a rule for each, the first with -F %s=%s", t.name, first)
	}
	return wrong
}

// leftOverFix says what is missing before a word that belongs to no option, which p.next is behind.
func (p *parser) leftOverFix(s string) string {
	before := ""
	if p.next > 2 {
		before = p.words[p.next-3].text
	}
	name, _, value, isField := cutOperator(s)
	_, isKnown := fieldNamed(name)
	switch {
	case strings.HasPrefix(s, "‐") || strings.HasPrefix(s, "‑") || strings.HasPrefix(s, "–") || strings.HasPrefix(s, "—"):
		return "write a plain hyphen before the letter, -"
	case isField && isKnown && value != "":
		return "write -F " + s
	case before == "-S" && allCalls().named[s] != nil:
		return "write a comma between two system calls"
	case before == "-w" && p.next > 2:
		return `if it is part of the path, write a backslash before the space`
	}
	return "remove it, or put the option that it belongs to before it"
}

// closest suggests the name that is the most like the one given.
func closest[V any](name string, names map[string]V, otherwise string) string {
	best, distance := "", 3
	for known := range names {
		d := editDistance(strings.ToLower(name), strings.ToLower(known))
		if 2*d >= len(name) {
			continue
		}
		if d < distance || d == distance && known < best {
			best, distance = known, d
		}
	}
	if best == "" {
		return otherwise
	}
	return "did you mean " + best + "?"
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
