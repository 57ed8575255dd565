package packs

import (
	"slices"
	"strings"
)

const bothArches = "-F arch=b64 -F arch=b32 "

// homes are the architectures of calls that not all have: a rule that names a call which the node's architecture lacks is not loaded there.
// All others are in b64 and b32, as far as nodes are x86_64 or aarch64.
var homes = map[string][]string{
	"open": old, "creat": old, "unlink": old, "rmdir": old, "rename": old, "chmod": old, "chown": old, "lchown": old, "utimes": old, "futimesat": old,
	"utime": {"x86_64", "i386"}, "umount": {"i386"}, "stime": {"i386"}, "kexec_file_load": {"b64"},
}

// old calls are those that 64-bit ARM never had, because newer ones with "at" in their names do the same.
var old = []string{"x86_64", "b32"}

// eachArch returns a line that asks for both arches as lines for one architecture each, with the calls that it has.
func eachArch(line string) []string {
	before, after, both := strings.Cut(line, bothArches)
	if !both {
		return []string{line}
	}
	words := strings.Fields(after)
	calls := strings.Split(words[1], ",") // behind -S
	var lines []string
	for _, arch := range []string{"b64", "x86_64", "b32", "i386"} {
		has := slices.DeleteFunc(slices.Clone(calls), func(call string) bool { return !slices.Contains(home(call), arch) })
		if len(has) > 0 {
			words[1] = strings.Join(has, ",")
			lines = append(lines, before+"-F arch="+arch+" "+strings.Join(words, " "))
		}
	}
	return lines
}

func home(call string) []string {
	if arches, special := homes[call]; special {
		return arches
	}
	return []string{"b64", "b32"}
}
