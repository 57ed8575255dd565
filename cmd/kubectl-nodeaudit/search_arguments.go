package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// longOf are the options of ausearch with one hyphen and two letters.
var longOf = map[string]string{
	"-pp": "--ppid", "-ua": "--uid-all", "-ui": "--uid", "-ue": "--uid-effective", "-ul": "--loginuid", "-ga": "--gid-all", "-gi": "--gid",
	"-ge": "--gid-effective", "-sc": "--syscall", "-sv": "--success", "-ts": "--start", "-te": "--end", "-tm": "--terminal", "-if": "--input",
	"-se": "--context",
}

var (
	manyLetters = regexp.MustCompile(`^-[a-z]{2,}$`)
	dateAlone   = regexp.MustCompile(`^(\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d\d-\d\d)$`)
	timeAlone   = regexp.MustCompile(`^\d{1,2}:\d\d(:\d\d)?$`)
)

// arguments makes of a command line of ausearch one for pflag: options of two letters become long ones, a date and its time one value.
func arguments(flags *pflag.FlagSet, args []string) ([]string, error) {
	var all []string
	for at := 0; at < len(args); at++ {
		arg := args[at]
		if arg == "--" {
			return append(all, args[at:]...), nil
		}
		if long, known := longOf[arg]; known {
			arg = long
		} else if manyLetters.MatchString(arg) {
			return nil, fmt.Errorf("%s is no option of search: see search --help", arg)
		}
		all = append(all, arg)
		if !takesValue(flags, arg) || at+1 == len(args) {
			continue
		}
		at++
		value := args[at]
		if isTime := arg == "--start" || arg == "--end"; isTime && at+1 < len(args) && dateAlone.MatchString(value) && timeAlone.MatchString(args[at+1]) {
			at++
			value += " " + args[at]
		}
		all = append(all, value)
	}
	return all, nil
}

// takesValue says whether the next argument belongs to this one.
func takesValue(flags *pflag.FlagSet, arg string) bool {
	var flag *pflag.Flag
	if name, isLong := strings.CutPrefix(arg, "--"); isLong {
		flag = flags.Lookup(name)
	} else if len(arg) == 2 && arg[0] == '-' {
		flag = flags.ShorthandLookup(arg[1:])
	}
	return flag != nil && flag.NoOptDefVal == ""
}
