// Gentables writes the tables of names: system calls of each architecture, operations of io_uring, record types, errors and address
// families.
//
// It reads the constants of golang.org/x/sys and of go-libaudit at the versions in go.mod, from the module cache. For api/rule it writes
// syscalls.txt and names.txt, for the event road zz_generated.*.go, in which a number finds its name without a search. It asks no kernel: what it
// writes depends on go.mod alone.
package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run("api/rule"); err != nil {
		fmt.Fprintln(os.Stderr, "gentables:", err)
		os.Exit(1)
	}
}

func run(into string) error {
	sys, err := module("golang.org/x/sys")
	if err != nil {
		return err
	}
	libaudit, err := module("github.com/elastic/go-libaudit/v2")
	if err != nil {
		return err
	}
	kernel, err := sys.kernel()
	if err != nil {
		return err
	}
	calls, err := syscalls(sys, libaudit, kernel)
	if err != nil {
		return err
	}
	words, err := names(sys, libaudit, kernel)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(into, "syscalls.txt"), []byte(calls), 0o644); err != nil {
		return err
	}
	if err := road(sys, libaudit); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, "names.txt"), []byte(words), 0o644)
}

// line writes a table in one line, by number, then by name. What is in more follows behind, so that of two names for one number the one in
// entries comes first.
func line(table string, entries, more map[string]int64) string {
	words := []string{table}
	for _, part := range []map[string]int64{entries, more} {
		for _, name := range slices.SortedFunc(maps.Keys(part), func(a, c string) int {
			return cmp.Or(cmp.Compare(part[a], part[c]), cmp.Compare(a, c))
		}) {
			words = append(words, fmt.Sprintf("%s=%d", name, part[name]))
		}
	}
	return strings.Join(words, " ") + "\n"
}
