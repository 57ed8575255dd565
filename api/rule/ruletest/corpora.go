package ruletest

import (
	_ "embed" // which corpus has which line
	"iter"
	"strconv"
	"strings"
)

//go:embed testdata/corpora.txt
var corporaTable string

// Corpora returns the names of real rule files, each with the numbers of its lines in api/rule/testdata/corpora/oracle.jsonl.gz, from 1.
func Corpora() iter.Seq2[string, []int] {
	return func(yield func(string, []int) bool) {
		for line := range strings.Lines(corporaTable) {
			words := strings.Fields(line)
			if words[0] != "#" && !yield(words[0], numbers(words[1:])) {
				return
			}
		}
	}
}

func numbers(ranges []string) []int {
	var all []int
	for _, r := range ranges {
		from, to, is := strings.Cut(r, "-")
		first, _ := strconv.Atoi(from)
		last := first
		if is {
			last, _ = strconv.Atoi(to)
		}
		for n := first; n <= last; n++ {
			all = append(all, n)
		}
	}
	return all
}
