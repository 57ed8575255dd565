package event

import (
	"strconv"
	"strings"
	"sync"
)

// firstType is the number that typeNames begins with.
const firstType = 1000

// TypeName returns the name of a record type, for example SYSCALL for 1300, or UNKNOWN[1999] for one without.
func TypeName(number uint16) string {
	if at := int(number) - firstType; at >= 0 && at < len(typeNames) && typeNames[at] != "" {
		return typeNames[at]
	}
	return "UNKNOWN[" + strconv.Itoa(int(number)) + "]"
}

// TypeNumber returns the number of the record type with this name, as TypeName and auditd write it, and whether there is one.
func TypeNumber(name string) (number uint16, found bool) {
	switch name { // nearly all of a log
	case "SYSCALL":
		return 1300, true
	case "PATH":
		return 1302, true
	case "CWD":
		return 1307, true
	case "EXECVE":
		return 1309, true
	case "PROCTITLE":
		return 1327, true
	case "EOE":
		return 1320, true
	}
	if number, found = numbers()[name]; found {
		return number, true
	}
	if inner, is := strings.CutPrefix(name, "UNKNOWN["); is && strings.HasSuffix(inner, "]") {
		n, err := strconv.ParseUint(inner[:len(inner)-1], 10, 16)
		return uint16(n), err == nil
	}
	return 0, false
}

var numbers = sync.OnceValue(func() map[string]uint16 {
	all := make(map[string]uint16, len(typeNames))
	for at, name := range typeNames {
		if name != "" {
			all[name] = uint16(firstType + at)
		}
	}
	return all
})
