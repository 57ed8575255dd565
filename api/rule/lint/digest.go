package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// maxLines is how many lines a digest names beside the first.
const maxLines = 5

// Digest makes warnings short enough for a status: one line for each check, the most important first, with the first problem in full and the
// lines of the others. What a line's notation says is told by its own words. Notes and errors are left out.
func Digest(problems []rule.Problem) []string {
	var groups [][]rule.Problem
	index := map[string]int{}
	for _, p := range problems {
		if p.Severity != rule.Warning {
			continue
		}
		name := CheckOf(p)
		if name == notation {
			name = p.Message
		}
		i, seen := index[name]
		if !seen {
			i = len(groups)
			index[name] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	slices.SortStableFunc(groups, func(a, b []rule.Problem) int {
		return cmp.Or(rank(CheckOf(a[0]))-rank(CheckOf(b[0])), a[0].Line-b[0].Line)
	})
	var texts []string
	for _, g := range groups {
		texts = append(texts, g[0].String()+alsoIn(g)+named(g[0]))
	}
	return texts
}

// alsoIn names the lines of the problems behind the first.
func alsoIn(group []rule.Problem) string {
	var lines []string
	last := group[0].Line
	for _, p := range group[1:] {
		if p.Line != last {
			lines = append(lines, fmt.Sprint(p.Line))
		}
		last = p.Line
	}
	switch rest := len(lines) - maxLines; {
	case len(lines) == 0:
		return ""
	case len(lines) == 1:
		return "; also line " + lines[0]
	case rest > 0:
		return fmt.Sprintf("; also lines %s and %d more", strings.Join(lines[:maxLines], ", "), rest)
	}
	return "; also lines " + strings.Join(lines[:len(lines)-1], ", ") + " and " + lines[len(lines)-1]
}

// named ends a line with the name of the check, by which docs/lint.md has more. Remarks on notation say all that there is.
func named(p rule.Problem) string {
	if id := CheckOf(p); id != notation {
		return " (" + id + ")"
	}
	return ""
}
