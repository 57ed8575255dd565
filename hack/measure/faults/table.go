package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// measure runs all cells at once and prints the table.
func measure(o *options) error {
	var cells []*cell
	for i := range rows {
		for j := range faults {
			c := &cell{options: o, row: &rows[i], fault: &faults[j], dir: filepath.Join(o.dir, strconv.Itoa(i)+"-"+strconv.Itoa(j))}
			if o.only.MatchString(c.name()) && c.fault.possible(c.row) {
				cells = append(cells, c)
			}
		}
	}
	started := time.Now()
	results, errs := make([]result, len(cells)), make([]error, len(cells))
	var running sync.WaitGroup
	for i, c := range cells {
		running.Go(func() {
			results[i], errs[i] = c.do()
			fmt.Fprintf(os.Stderr, "%s: %v %v\n", c.name(), results[i], errs[i])
		})
		time.Sleep(200 * time.Millisecond) // so many programs at a time are a load of their own
	}
	running.Wait()
	fmt.Printf("%d cells at %d events a second each, receivers down for %s, in %s\n\n", len(cells), o.rate, o.down, time.Since(started).Round(time.Second))
	fmt.Println("| destination | receiver | fault | sent | received | lost | twice | in order | |\n|---|---|---|---|---|---|---|---|---|")
	failed := 0
	for i, c := range cells {
		if errs[i] != nil {
			failed++
			fmt.Printf("| %s | %s | %s | | | | | | not measured: %v |\n", c.row.name, c.row.by, c.fault.name, errs[i])
			continue
		}
		fmt.Printf("| %s | %s | %s | %s |\n", c.row.name, c.row.by, c.fault.name, results[i])
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d cells could not be measured", failed, len(cells))
	}
	return nil
}
