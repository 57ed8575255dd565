// Overhead prints what the rules of public rule files cost each system call, as written and optimised, as a table in Markdown.
//
// A process that no rule records is pinned to one processor and calls the kernel with and without the rules; the least of many slices
// counts, as a ratio to the same without rules in the same run. The audit system is taken as the tests do and put back. It needs root.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

const defaultFiles = "neo23x0 0xbad53c hacks4snacks deep-security konstruktoid cac-ospp lockdown-rhel9-stig lockdown-ubuntu22-cis k8s-eks-cis bosh-stemcell"

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == kernel.ChangerCommand:
		exit(kernel.RunChanger(os.Args[2], os.Stdin, os.Stdout))
	case len(os.Args) == 3 && os.Args[1] == meterCommand:
		exit(runMeter(os.Args[2], os.Stdin, os.Stdout))
	}
	folder := flag.String("corpora", "api/rule/testdata/corpora", "folder with the rule files and directories.txt")
	files := flag.String("files", defaultFiles, "names of rule files, without .rules")
	runs := flag.Int("runs", 3, "how often everything is measured; medians count")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	exit(run(ctx, *folder, strings.Fields(*files), *runs))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure overhead:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context, folder string, files []string, runs int) error {
	var table report
	for r := range runs {
		for _, name := range files {
			fmt.Fprintf(os.Stderr, "run %d: %s\n", r+1, name)
			c, err := readCorpus(filepath.Join(folder, name+".rules"), filepath.Join(folder, "directories.txt"))
			if err != nil {
				return err
			}
			if err := measure(ctx, c); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			table.add(c)
		}
	}
	table.print(os.Stdout)
	return nil
}
