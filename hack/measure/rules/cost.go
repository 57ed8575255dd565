package main

import (
	"fmt"
	"slices"
	"time"
)

// printCosts prints the time that a line of the public sets takes that all compilers take. They take turns, so that what else the machine does
// meets all of them; the median of the turns counts.
func printCosts(sets []set, compilers []compiler, duration time.Duration) {
	var lines []string
	for _, s := range sets {
		if s.name == "all distinct lines" {
			lines = takenByAll(s, compilers)
		}
	}
	turns := make([][]time.Duration, len(compilers))
	for start := time.Now(); time.Since(start) < duration; {
		for i, c := range compilers {
			turns[i] = append(turns[i], turn(lines, c))
		}
	}
	first := median(turns[0])
	for i, c := range compilers {
		each := median(turns[i])
		fmt.Printf("%-12s %6.2f µs to read and encode a rule (median of %d turns over %d lines, least %.2f), %.1f times nodeaudit's\n",
			c.name, micros(each, lines), len(turns[i]), len(lines), micros(slices.Min(turns[i]), lines), float64(each)/float64(first))
	}
}

func takenByAll(s set, compilers []compiler) []string {
	var lines []string
	for _, l := range s.lines {
		if !slices.ContainsFunc(compilers, func(c compiler) bool { _, err := c.compile(l.text); return err != nil }) {
			lines = append(lines, l.text)
		}
	}
	return lines
}

func turn(lines []string, c compiler) time.Duration {
	start := time.Now()
	for _, l := range lines {
		_, _ = c.compile(l)
	}
	return time.Since(start)
}

func median(durations []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(durations))[len(durations)/2]
}

func micros(d time.Duration, lines []string) float64 {
	return float64(d.Nanoseconds()) / float64(len(lines)) / 1000
}
