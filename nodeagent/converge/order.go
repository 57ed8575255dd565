package converge

import (
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// arrange returns the changes that bring the wanted rules into the kernel. have is the kernel's listing.
//
// The kernel can put a rule at the beginning or at the end of its list, nowhere else, so that a new rule in the middle takes others out and in
// again, and for that moment they record nothing. That is only done where order decides whether something is recorded: between a rule that
// records and a `never` rule. Among rules that record it decides which key an event bears, and no gap is opened for that.
func arrange(want, have []rule.Wire) []kernel.Change {
	var changes []kernel.Change
	var done []uint32
	for _, w := range want {
		list := w.List()
		if slices.Contains(done, list) {
			continue
		}
		done = append(done, list)
		changes = append(changes, arrangeList(of(list, want), of(list, have))...)
	}
	return changes
}

func of(list uint32, rules []rule.Wire) []rule.Wire {
	return slices.DeleteFunc(slices.Clone(rules), func(w rule.Wire) bool { return w.List() != list })
}

func arrangeList(want, have []rule.Wire) []kernel.Change {
	wanted := positions(want)
	present := slices.DeleteFunc(slices.Clone(have), func(w rule.Wire) bool { _, is := wanted[w]; return !is })
	there := positions(present)
	front := missingAtFront(want, there)
	back := slices.DeleteFunc(slices.Clone(want[len(front):]), func(w rule.Wire) bool { _, is := there[w]; return is })
	if quiet(slices.Concat(front, present, back), wanted) {
		return slices.Concat(prepend(front, nil), appendEach(back, nil))
	}
	first, last := keepFirst(want, there), keepLast(want, there)
	if moved(want[first:], there) <= moved(want[:last], there) {
		return appendEach(want[first:], there)
	}
	return prepend(want[:last], there)
}

func positions(rules []rule.Wire) map[rule.Wire]int {
	at := make(map[rule.Wire]int, len(rules))
	for i, w := range rules {
		at[w] = i
	}
	return at
}

// missingAtFront returns the missing rules that come before all that are there. Where none is there, all are appended instead.
func missingAtFront(want []rule.Wire, there map[rule.Wire]int) []rule.Wire {
	for i, w := range want {
		if _, is := there[w]; is {
			return want[:i]
		}
	}
	return nil
}

// quiet says whether every never rule stands between the same rules as it should.
func quiet(order []rule.Wire, wanted map[rule.Wire]int) bool {
	for i, never := range order {
		if !never.Never() {
			continue
		}
		for j, records := range order {
			if !records.Never() && (j < i) != (wanted[records] < wanted[never]) {
				return false
			}
		}
	}
	return true
}

// keepFirst returns how many rules at the beginning of want are there already, in order.
func keepFirst(want []rule.Wire, there map[rule.Wire]int) int {
	last := -1
	for i, w := range want {
		at, is := there[w]
		if !is || at < last {
			return i
		}
		last = at
	}
	return len(want)
}

// keepLast returns where the longest part at the end of want begins that is there already, in order.
func keepLast(want []rule.Wire, there map[rule.Wire]int) int {
	next := len(there)
	for i, w := range slices.Backward(want) {
		at, is := there[w]
		if !is || at > next {
			return i + 1
		}
		next = at
	}
	return 0
}

func moved(rules []rule.Wire, there map[rule.Wire]int) int {
	count := 0
	for _, w := range rules {
		if _, is := there[w]; is {
			count++
		}
	}
	return count
}

// appendEach adds the rules at the end of their list, one after the other. What is there is taken out just before.
func appendEach(rules []rule.Wire, there map[rule.Wire]int) []kernel.Change {
	var changes []kernel.Change
	for _, w := range rules {
		changes = append(changes, move(w, w, there)...)
	}
	return changes
}

// prepend adds the rules at the beginning of their list, so that they stand there in the order given.
func prepend(rules []rule.Wire, there map[rule.Wire]int) []kernel.Change {
	var changes []kernel.Change
	for _, w := range slices.Backward(rules) {
		changes = append(changes, move(w, w.AtFirst(), there)...)
	}
	return changes
}

func move(w, request rule.Wire, there map[rule.Wire]int) []kernel.Change {
	add := kernel.Change{Op: kernel.Add, Rule: request}
	if _, is := there[w]; is {
		return []kernel.Change{{Op: kernel.Delete, Rule: w}, add}
	}
	return []kernel.Change{add}
}
