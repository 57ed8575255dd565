package boot

import (
	"cmp"
	"strings"
)

// compareVersions compares names with versions in them: runs of digits as numbers, runs of letters as text, a tilde before everything else.
// This is rpmvercmp, by which GRUB's blscfg sorts; systemd-boot differs from it in rare signs only.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		a, b = strings.TrimLeftFunc(a, isSeparator), strings.TrimLeftFunc(b, isSeparator)
		if tilde := cmp.Compare(count(b, "~"), count(a, "~")); tilde != 0 {
			return tilde
		}
		a, b = strings.TrimPrefix(a, "~"), strings.TrimPrefix(b, "~")
		var one, other string
		one, a = segment(a)
		other, b = segment(b)
		if result := compareSegments(one, other); result != 0 {
			return result
		}
	}
	return 0
}

func count(s, prefix string) int {
	if strings.HasPrefix(s, prefix) {
		return 1
	}
	return 0
}

func isSeparator(r rune) bool { return r != '~' && !isDigit(r) && !isLetter(r) }
func isDigit(r rune) bool     { return r >= '0' && r <= '9' }
func isLetter(r rune) bool    { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func segment(s string) (first, rest string) {
	class := isLetter
	if s != "" && isDigit(rune(s[0])) {
		class = isDigit
	}
	end := strings.IndexFunc(s, func(r rune) bool { return !class(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// compareSegments takes a number for newer than letters, and anything for newer than nothing.
func compareSegments(a, b string) int {
	digits := func(s string) bool { return s != "" && isDigit(rune(s[0])) }
	switch {
	case digits(a) && digits(b):
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case digits(a) != digits(b):
		if digits(a) {
			return 1
		}
		return -1
	default:
		return strings.Compare(a, b)
	}
}
