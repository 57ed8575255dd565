package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// result is what became of the events of a cell.
type result struct {
	sent, received, lost, doubled int
	counted                       int64 // as given up, by the agent
	left                          int64 // bytes that were still in the queue at the end
	steps                         int   // back in the order of what came first
	notes                         []string
}

// judge compares what sinks had taken with what arrived, in the order in which it did.
func judge(senders []*sender, got []int) result {
	var r result
	times := map[int]int{}
	highest := -1
	for _, n := range got {
		if times[n]++; times[n] > 1 {
			r.doubled++
			continue
		}
		if n < highest {
			r.steps++
		}
		highest = max(highest, n)
	}
	for _, s := range senders {
		first, last := s.taken()
		r.sent += last - first + 1
		for n := first; n <= last; n++ {
			if times[n] == 0 {
				r.lost++
			} else {
				r.received++
			}
		}
		s.mu.Lock()
		r.counted, r.left = r.counted+s.dropped, s.left
		s.mu.Unlock()
	}
	return r
}

func (r result) String() string {
	order := "yes"
	if r.steps > 0 {
		order = fmt.Sprintf("%d late", r.steps)
	}
	text := fmt.Sprintf("%d | %d | %d | %d | %s", r.sent, r.received, r.lost, r.doubled, order)
	var notes []string
	if r.counted > 0 {
		notes = append(notes, fmt.Sprintf("%d counted as given up", r.counted))
	}
	if r.left > 0 {
		notes = append(notes, fmt.Sprintf("the queue did not become empty: %d bytes were left, which count as lost here", r.left))
	}
	return text + " | " + strings.Join(append(notes, r.notes...), "; ")
}

// serial finds the number of each event in any of the forms in which receivers keep it: the event's own JSON, or that in a string of JSON.
var serial = regexp.MustCompile(`\\?"serial\\?":(\d+)`)

func numbers(text []byte) []int {
	var list []int
	for _, found := range serial.FindAllSubmatch(text, -1) {
		if n, err := strconv.Atoi(string(found[1])); err == nil {
			list = append(list, n)
		}
	}
	return list
}
