package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// report has the corpora in the order of their first run.
type report struct {
	names []string
	runs  map[string][]*corpus
}

func (r *report) add(c *corpus) {
	if r.runs == nil {
		r.runs = map[string][]*corpus{}
	}
	if r.runs[c.name] == nil {
		r.names = append(r.names, c.name)
	}
	r.runs[c.name] = append(r.runs[c.name], c)
}

// print writes the table: the time of a call as a multiple of the same without rules, as written → optimised.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "| file | rules | loaded | optimised | %s |\n|---|---|---|---|%s\n", strings.Join(calls, " | "), strings.Repeat("---|", len(calls)))
	left := make([][]float64, len(calls))
	skipped, recording, lost := 0, 0, uint32(0)
	for _, name := range r.names {
		runs := r.runs[name]
		c := runs[0]
		fmt.Fprintf(out, "| %s | %d | %d | %d |", name, len(c.rules), len(c.written), len(c.optimised))
		for i := range calls {
			raw := over(runs, func(c *corpus) float64 { return c.raw[i] / c.base(i) })
			in := over(runs, func(c *corpus) float64 { return c.cheap[i] / c.base(i) })
			fmt.Fprintf(out, " %.2f → %.2f |", raw, in)
			left[i] = append(left[i], (in-1)/(raw-1))
		}
		fmt.Fprintln(out)
		skipped, recording = skipped+c.skipped, recording+c.recording
		for _, c := range runs {
			lost += c.lost
		}
	}
	fmt.Fprintf(out, "\nLeft of the overhead, median of %d files:", len(r.names))
	for i, call := range calls {
		fmt.Fprintf(out, " %s %.2f", call, median(left[i]))
	}
	fmt.Fprintf(out, ". Left out on both sides: %d rules that are there twice or that the kernel does not take, %d that record the meter itself. "+
		"Records lost meanwhile, of whomever: %d.\n", skipped, recording, lost)
}

func over(runs []*corpus, of func(*corpus) float64) float64 {
	var values []float64
	for _, c := range runs {
		values = append(values, of(c))
	}
	return median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}
