package rule

import (
	"fmt"
	"strconv"
	"strings"
)

// operand is the value of a field: text where the field is a string or where only the host knows the number.
type operand struct {
	number uint32
	text   string
}

const (
	permExec  = 1
	permWrite = 2
	permRead  = 4
	permAttr  = 8
	permAll   = permExec | permWrite | permRead | permAttr

	unset = ^uint32(0)
)

var permLetters = []struct {
	letter byte
	bit    uint32
}{{'r', permRead}, {'w', permWrite}, {'x', permExec}, {'a', permAttr}}

func parsePerm(s string) (bits uint32, ok bool) {
	for i := range len(s) {
		bit := uint32(0)
		for _, p := range permLetters {
			if s[i]|0x20 == p.letter {
				bit = p.bit
			}
		}
		if bit == 0 {
			return 0, false
		}
		bits |= bit
	}
	return bits, bits != 0
}

func formatPerm(bits uint32) string {
	var s []byte
	for _, p := range permLetters {
		if bits&p.bit != 0 {
			s = append(s, p.letter)
		}
	}
	return string(s)
}

// parseNumber reads a decimal, 0x… or 0… number of 32 bits, or a negative one.
func parseNumber(s string) (uint32, bool) {
	if strings.HasPrefix(s, "-") {
		n, err := strconv.ParseInt(s, 0, 32)
		return uint32(int32(n)), err == nil
	}
	if strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 0, 32)
	return uint32(n), err == nil
}

// parseOperand reads the value of a field. The error says what is wrong, fix what to write.
func parseOperand(t fieldType, s string) (value operand, fix string, err error) {
	n, isNumber := parseNumber(s)
	switch t.kind {
	case text:
		if len(s) > maxPath {
			return value, "", fmt.Errorf("value of %s is longer than %d bytes", t.name, maxPath)
		}
		return operand{text: s}, "", nil
	case user, group:
		return parseID(t, s, n, isNumber)
	case exitOf:
		if code, known := errnos[strings.TrimPrefix(strings.ToUpper(s), "-")]; known && !isNumber {
			if !strings.HasPrefix(s, "-") {
				code = -code
			}
			return operand{number: uint32(int32(-code))}, "", nil
		}
	case message:
		if code, known := messageTypes[strings.ToUpper(s)]; known {
			return operand{number: code}, "", nil
		}
		fix = "write the name of a record type, for example PATH, or its number"
	case file:
		if code, known := fileTypes[s]; known {
			return operand{number: code}, "", nil
		}
		fix = "write file, dir, socket, link, character, block or fifo"
	case fstype:
		if code, known := fileSystems[s]; known {
			return operand{number: code}, "", nil
		}
		fix = "write debugfs, tracefs or the magic number of the file system"
	case number, hexArg, compare, arch, path, perms:
		if t.id == fieldSession && s == "unset" {
			return operand{number: unset}, "", nil
		}
	}
	if !isNumber {
		if fix == "" {
			fix = "write one number of 32 bits"
		}
		return value, fix, fmt.Errorf("value %q of %s is not known", s, t.name)
	}
	return operand{number: n}, "", nil
}

func parseID(t fieldType, s string, n uint32, isNumber bool) (operand, string, error) {
	if s == "unset" && t.kind == user {
		n, isNumber = unset, true
	}
	if isNumber {
		if n == unset && t.id != fieldAuid {
			return operand{}, "only auid can be unset", fmt.Errorf("the kernel refuses an unset %s", t.name)
		}
		return operand{number: n}, "", nil
	}
	if s[0] >= '0' && s[0] <= '9' || strings.ContainsAny(s, ",!<>=:/ ") {
		return operand{}, "write one number or one name; for several, write several -F or several rules", fmt.Errorf("value %q of %s is neither a number nor a name", s, t.name)
	}
	return operand{text: s}, "", nil
}

// cutOperator splits name=value at the first operator.
func cutOperator(s string) (name string, op operator, value string, found bool) {
	i := strings.IndexAny(s, "=!<>&")
	if i < 0 {
		return s, 0, "", false
	}
	for _, o := range operators {
		if rest, ok := strings.CutPrefix(s[i:], o.text); ok {
			return s[:i], o.op, rest, true
		}
	}
	return s, 0, "", false
}

func fieldNamed(name string) (fieldType, bool) {
	name = strings.ToLower(name)
	for _, t := range fieldTypes {
		if t.name == name {
			if t.name == "loginuid" {
				t.name = "auid"
			}
			return t, true
		}
	}
	return fieldType{}, false
}

func fieldWith(id uint32) (fieldType, bool) {
	for _, t := range fieldTypes {
		if t.id == id {
			return t, true
		}
	}
	return fieldType{}, false
}

// closest suggests the field whose name is the most like the one given.
func closest(name string) string {
	best, distance := "", 3
	for _, t := range fieldTypes {
		if d := editDistance(strings.ToLower(name), t.name); d < distance {
			best, distance = t.name, d
		}
	}
	if best == "" {
		return "see -F in auditctl(8) for the fields"
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

func nameOf[V comparable](names map[string]V, value V) string {
	for name, v := range names {
		if v == value {
			return name
		}
	}
	return ""
}
