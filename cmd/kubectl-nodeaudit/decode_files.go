package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
)

// file decodes a file, or standard input.
func (d *decoding) file(name string, stdin io.Reader) error {
	if name == "-" {
		return d.log(name, stdin)
	}
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	return d.log(name, in)
}

// rotatedName is a name with the number that auditd, logrotate and the agent give a file that has been rotated; higher ones are older.
var rotatedName = regexp.MustCompile(`^(.*?)(?:\.(\d{1,6}))?(\.gz|\.zst|\.xz)?$`)

// oldestFirst puts files that differ in that number only in the order in which they were written, at the place of the first of them. Others stay
// where they are.
func oldestFirst(names []string) []string {
	type rotated struct {
		base   string
		number int
		name   string
	}
	files := make([]rotated, 0, len(names))
	first := map[string]int{}
	for i, name := range names {
		parts := rotatedName.FindStringSubmatch(name)
		number, _ := strconv.Atoi(parts[2]) // none is the current one
		if _, known := first[parts[1]]; !known {
			first[parts[1]] = i
		}
		files = append(files, rotated{parts[1], number, name})
	}
	slices.SortStableFunc(files, func(a, b rotated) int {
		if a.base != b.base {
			return first[a.base] - first[b.base]
		}
		return b.number - a.number
	})
	sorted := make([]string, len(files))
	for i, f := range files {
		sorted[i] = f.name
	}
	return sorted
}

// complaints says what is wrong with lines, the first few in full.
type complaints struct {
	out   io.Writer
	lines int64
	files int
}

// inFull is how many lines are named.
const inFull = 20

func (c *complaints) line(file string, line int64, err error) {
	c.lines++
	if c.lines <= inFull {
		fmt.Fprintf(c.out, "%s:%d: %v\n", file, line, err)
	}
}

// say is for a file that cannot be read.
func (c *complaints) say(text string) {
	c.files++
	fmt.Fprintln(c.out, text)
}

func (c *complaints) end() {
	if c.lines > 0 {
		fmt.Fprintf(c.out, "%d %s no records that can be read; each is an event of its own\n", c.lines, map[bool]string{true: "line is", false: "lines are"}[c.lines == 1])
	}
}
