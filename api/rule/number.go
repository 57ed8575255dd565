package rule

import (
	"strconv"
	"strings"
)

// parseNumber reads a decimal, 0x… or 0… number of 32 bits, or a negative one. Words that are no numbers cost nothing.
func parseNumber(s string) (uint32, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || strings.IndexByte(digits, '_') >= 0 || isOtherBase(digits) {
		return 0, false
	}
	if len(digits) < len(s) {
		n, err := strconv.ParseInt(s, 0, 32)
		return uint32(int32(n)), err == nil
	}
	n, err := strconv.ParseUint(s, 0, 32)
	return uint32(n), err == nil
}

// isOtherBase says whether the digits are in a base that Go knows and auditctl does not: 0b… and 0o….
func isOtherBase(digits string) bool {
	return len(digits) > 1 && digits[0] == '0' && (digits[1]|0x20 == 'b' || digits[1]|0x20 == 'o')
}
