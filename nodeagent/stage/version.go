package stage

import (
	"cmp"
	"strings"
)

// byVersion compares names as ls -v does where it matters here: runs of digits as numbers, everything else by its bytes.
func byVersion(a, b string) int {
	for whole := [2]string{a, b}; ; {
		one, restA := part(a)
		other, restB := part(b)
		if c := compareParts(one, other); c != 0 {
			return c
		}
		if restA == "" && restB == "" {
			return strings.Compare(whole[0], whole[1]) // 01 and 1
		}
		a, b = restA, restB
	}
}

func part(s string) (first, rest string) {
	if s == "" {
		return "", ""
	}
	digits := isDigit(s[0])
	for i := range len(s) {
		if isDigit(s[i]) != digits {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

func compareParts(a, b string) int {
	if a == "" || b == "" || !isDigit(a[0]) || !isDigit(b[0]) {
		return strings.Compare(a, b)
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
