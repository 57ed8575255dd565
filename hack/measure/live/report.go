package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// results are the figures by rate and reader.
type results map[int]map[string][]figure

func (r results) add(rate int, name string, f figure) {
	if r[rate] == nil {
		r[rate] = map[string][]figure{}
	}
	r[rate][name] = append(r[rate][name], f)
}

func (f figure) line(name string) string {
	return fmt.Sprintf("%s: %d made (%.0f/s), %d written, %d lost, %.2f CPU s (%.1f %%, %.0f µs an event), %.1f MiB, median %s, p99 %s",
		name, f.made, f.rate, f.written, f.lost, f.cpu, f.percent, f.each(), float64(f.rss)/1024, f.median.Round(time.Millisecond), f.late.Round(time.Millisecond))
}

// each is what an event costs, in microseconds: an audit daemon slows down those who make events, so that rates differ.
func (f figure) each() float64 { return 1e6 * f.cpu / float64(max(f.made, 1)) }

// middle is the figure with the median of what is asked for.
func middle[T cmp.Ordered](all []figure, of func(figure) T) T {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b figure) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}

// print writes the table: medians of the rounds, and of losses the worst.
func (r results) print(m *machine) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "exec/s asked\treached\treader\tCPU %\tµs an event\tevents not written\tkernel lost\tmost resident MiB\tto the file: median\tp99")
	for _, rate := range m.rates {
		for _, reader := range m.readers {
			all := r[rate][reader.name]
			if len(all) == 0 {
				continue
			}
			missing := slices.MaxFunc(all, func(a, b figure) int { return cmp.Compare(a.made-a.written, b.made-b.written) })
			lost := slices.MaxFunc(all, func(a, b figure) int { return cmp.Compare(a.lost, b.lost) })
			asked := fmt.Sprint(rate)
			if rate == 0 {
				asked = "most"
			}
			fmt.Fprintf(table, "%s\t%.0f\t%s\t%.1f\t%.0f\t%d of %d\t%d\t%.1f\t%s\t%s\n", asked, middle(all, func(f figure) float64 { return f.rate }), reader.name,
				middle(all, func(f figure) float64 { return f.percent }), middle(all, figure.each), missing.made-missing.written, missing.made, lost.lost,
				float64(middle(all, func(f figure) int { return f.rss }))/1024,
				delay(middle(all, func(f figure) time.Duration { return f.median })), delay(middle(all, func(f figure) time.Duration { return f.late })))
		}
	}
}

// delay is empty where the log has no time that can be read.
func delay(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.Round(time.Millisecond).String()
}

// long measures the agent's memory for minutes.
func (m *machine) long(minutes int) error {
	if minutes == 0 {
		return nil
	}
	const rate = 3000
	f, err := m.measure(m.readers[0], rate, time.Duration(minutes)*time.Minute)
	if err == nil {
		fmt.Printf("%d minutes at %d a second: %s\n", minutes, rate, f.line(m.readers[0].name))
	}
	return err
}
