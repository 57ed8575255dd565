package rule

import "strings"

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

// permLetters are in the order in which they are printed, permBits their bits.
const permLetters = "rwxa"

var permBits = [len(permLetters)]uint32{permRead, permWrite, permExec, permAttr}

func parsePerm(s string) (bits uint32, ok bool) {
	for i := range len(s) {
		letter := strings.IndexByte(permLetters, s[i]|0x20)
		if letter < 0 {
			return 0, false
		}
		bits |= permBits[letter]
	}
	return bits, bits != 0
}

func formatPerm(bits uint32) string {
	var letters [len(permLetters)]byte
	s := letters[:0]
	for i, bit := range permBits {
		if bits&bit != 0 {
			s = append(s, permLetters[i])
		}
	}
	return string(s)
}

// wrongValue says what is wrong with the value of a field, and what to write.
type wrongValue struct{ message, fix string }

// parseOperand reads the value of a field.
func parseOperand(t *fieldType, s string) (value operand, wrong *wrongValue) {
	n, isNumber := parseNumber(s)
	switch t.kind {
	case text:
		return parseText(t, s)
	case user, group:
		return parseID(t, s, n, isNumber)
	case exitOf:
		if !isNumber {
			n, isNumber = parseErrno(s)
		}
	case message:
		if !isNumber {
			n, isNumber = messageTypes().numbers[strings.ToUpper(s)]
		}
	case file:
		n, isNumber = parseFileType(s, n, isNumber)
	case fstype:
		if known, isName := fileSystems.numbers[s]; isName {
			n, isNumber = known, true
		}
	case session:
		if s == "unset" {
			n, isNumber = unset, true
		}
	case number, family:
		isNumber = isNumber && s[0] != '-' && (t.kind != family || n < families().numbers["max"])
	case hexArg, compare, arch, path, perms:
	}
	if !isNumber {
		return value, unknownValue(t, s)
	}
	return operand{number: n}, nil
}

func parseText(t *fieldType, s string) (operand, *wrongValue) {
	if len(s) > maxPath {
		return operand{}, &wrongValue{"value of " + t.name + " is longer than 4096 bytes", ""}
	}
	return operand{text: s}, nil
}

// parseErrno reads the name of an error. What a system call returns is its number with a minus.
func parseErrno(s string) (uint32, bool) {
	name, negative := strings.CutPrefix(s, "-")
	n, known := errnos().numbers[strings.ToUpper(name)]
	if negative {
		n = -n
	}
	return n, known
}

func parseFileType(s string, n uint32, isNumber bool) (uint32, bool) {
	if known, isName := fileTypes.numbers[s]; isName {
		return known, true
	}
	return n, isNumber && n&^0o170000 == 0
}

func parseID(t *fieldType, s string, n uint32, isNumber bool) (operand, *wrongValue) {
	if s == "unset" && t.kind == user {
		n, isNumber = unset, true
	}
	switch {
	case isNumber && n == unset && t.id != fieldAuid:
		return operand{}, &wrongValue{"the kernel refuses an unset " + t.name, "only auid can be unset"}
	case isNumber:
		return operand{number: n}, nil
	case s[0] >= '0' && s[0] <= '9' || s[0] == '-' || strings.ContainsAny(s, ",!<>=:/ "):
		return operand{}, unknownID(t, s)
	}
	return operand{text: s}, nil
}
