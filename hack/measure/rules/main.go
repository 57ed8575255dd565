// Rules compares the rule language of api/rule, and that of go-libaudit, with what the real auditctl 3.0.9 loaded into a kernel.
//
// `go run -C hack/measure/rules .` prints a line for each public set of rules in api/rule/testdata/corpora and one for the corners of the grammar:
// how many lines auditctl takes, and what each of the two makes of those, by the bytes that the kernel then lists. Bits of the mask that are
// classes of system calls make no difference to the kernel and are left out. Below stands what reading and encoding a rule costs, measured in
// turns. It talks to no kernel.
//
// Both see the directories, users and groups of the host of auditctl: go-libaudit asks the machine that it runs on for directories, and its
// answer is put right afterwards; users and groups are those of a Debian 12, so run it on one.
package main

import (
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

func main() {
	corpora := flag.String("corpora", "../../../api/rule/testdata/corpora", "the directory of the rules and of what auditctl made of them")
	seconds := flag.Duration("time", 4*time.Second, "how long to measure what a rule costs")
	flag.Parse()
	if err := run(*corpora, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(1)
	}
}

func run(directory string, duration time.Duration) error {
	sets, err := readSets(directory)
	if err != nil {
		return err
	}
	host, err := readHost(directory)
	if err != nil {
		return err
	}
	compilers := []compiler{{"nodeaudit", nodeaudit(host)}, {"go-libaudit", libaudit()}}
	if err := printTable(sets, compilers); err != nil {
		return err
	}
	fmt.Println()
	printCosts(sets, compilers, duration)
	return nil
}

// printTable prints a row for each set and one for all public lines.
func printTable(sets []set, compilers []compiler) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "\tlines\tauditctl takes\t")
	for _, c := range compilers {
		fmt.Fprintf(table, "%s: identical\tdifferent\trefused\ttakes more\t", c.name)
	}
	fmt.Fprintln(table)
	for _, s := range sets {
		fmt.Fprintf(table, "%s\t%d\t%d\t", s.name, len(s.lines), s.accepted())
		for _, c := range compilers {
			o := s.compare(c)
			fmt.Fprintf(table, "%d\t%d\t%d\t%s\t", o.identical, o.different, o.refused, o.moreText())
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
