package grub

import (
	"strconv"
	"strings"
)

func not(t Truth) Truth {
	switch t {
	case Yes:
		return No
	case No:
		return Yes
	default:
		return Maybe
	}
}

func and(a, b Truth) Truth {
	switch {
	case a == No || b == No:
		return No
	case a == Yes && b == Yes:
		return Yes
	default:
		return Maybe
	}
}

func or(a, b Truth) Truth { return not(and(not(a), not(b))) }

func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// test evaluates "[ … ]" or "test …". What it cannot read is open.
func (r *runner) test(args []string) Truth {
	args = args[1:]
	if n := len(args); n > 0 && args[n-1] == "]" {
		args = args[:n-1]
	}
	for _, arg := range args {
		if arg == "(" || arg == ")" {
			return Maybe
		}
	}
	return r.any(args)
}

// any is one or several conditions with -o between them; all the same with -a, which binds more strongly.
func (r *runner) any(args []string) Truth {
	if i := between(args, "-o"); i > 0 {
		return or(r.all(args[:i]), r.any(args[i+1:]))
	}
	return r.all(args)
}

func (r *runner) all(args []string) Truth {
	if i := between(args, "-a"); i > 0 {
		return and(r.one(args[:i]), r.all(args[i+1:]))
	}
	return r.one(args)
}

func between(args []string, sign string) int {
	for i, arg := range args {
		if arg == sign && i > 0 && i+1 < len(args) {
			return i
		}
	}
	return -1
}

func (r *runner) one(args []string) Truth {
	switch {
	case len(args) == 0:
		return No
	case args[0] == "!" && len(args) > 1:
		return not(r.one(args[1:]))
	case len(args) == 1:
		return not(empty(args[0]))
	case len(args) == 2:
		return r.property(args[0], args[1])
	case len(args) == 3:
		return compare(args[0], args[1], args[2])
	default:
		return Maybe
	}
}

// empty says whether a text is empty. A device that was searched is taken as found: its files are being read.
func empty(text string) Truth {
	if strings.Trim(text, anything) == "" && text != "" {
		return Maybe
	}
	return truth(text == "")
}

func (r *runner) property(sign, value string) Truth {
	switch sign {
	case "-z":
		return empty(value)
	case "-n":
		return not(empty(value))
	case "-f", "-e", "-d", "-s":
		if strings.Contains(value, anything) {
			return Maybe
		}
		return r.host.Exists(value)
	default:
		return Maybe
	}
}

func compare(left, sign, right string) Truth {
	if isOpen(left + right) {
		return Maybe
	}
	switch sign {
	case "=", "==":
		return truth(left == right)
	case "!=":
		return truth(left != right)
	}
	a, errA := strconv.Atoi(left)
	b, errB := strconv.Atoi(right)
	if errA != nil || errB != nil {
		return Maybe
	}
	switch sign {
	case "-eq":
		return truth(a == b)
	case "-ne":
		return truth(a != b)
	case "-lt":
		return truth(a < b)
	case "-le":
		return truth(a <= b)
	case "-gt":
		return truth(a > b)
	case "-ge":
		return truth(a >= b)
	default:
		return Maybe
	}
}
