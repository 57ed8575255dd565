package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

const bootLong = `Say whether this node audits from the beginning of a boot: of the one that is running, and of the next. Read are the running kernel's
command line and the files that the boot loader itself will read, with every entry that can be chosen; nothing is run, nothing is changed.

The next boot is "on" only where every entry has audit=1; entries for rescue and recovery are listed and do not count. It is "off" where the
default entry has none, "mixed" where only some have it, and "unknown" where something that decides could not be read.

The exit status is 0 where auditing is on in the running and in the next boot, and 1 otherwise. Files such as grub.cfg are for root only.`

func bootCommand(name string) *cobra.Command {
	output, root := "text", "/"
	c := &cobra.Command{
		Use:   "boot",
		Short: "Say whether auditing is on from the start, in this boot and the next",
		Long:  bootLong,
		Example: examples(name, "boot", "boot --root /host              # in a container that has the node's files there",
			"boot -o json | jq .next.audit"),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := oneOf(output, "text", "json"); err != nil {
				return err
			}
			if info, err := os.Stat(root); err != nil || !info.IsDir() {
				return fmt.Errorf("--root %s: it is not a directory", root)
			}
			report := boot.Look(boot.Below(root))
			if err := showBoot(c.OutOrStdout(), report, output); err != nil {
				return fmt.Errorf("printing the report: %w", err)
			}
			return bootVerdict(report)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", output, "text, or json: one object with loader, running, next, entries, findings")
	c.Flags().StringVar(&root, "root", root, "the root directory of the node; everything, /proc/cmdline included, is read below it")
	return c
}

// bootVerdict is the error that makes the exit status 1.
func bootVerdict(r boot.Report) error {
	running := "auditing from the start is " + string(r.Running.Audit) + " in the running boot"
	next := string(r.Next.Audit) + " in the next"
	if r.Satisfied() {
		return nil
	}
	return errors.New(running + " and " + next)
}
