package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

const rulesDiffLong = `Print the difference between the rules that this machine's kernel has and those that files would load, one a line: with + what the kernel
lacks, with - what it has beyond the files, with ! a never rule that stands on the wrong side of a rule that records. Rules are compared by
their bytes, and count as there where the kernel has them as written or as an agent loads them, optimised. The exit status is 0 where nothing differs, else 1.

Of policies, those that select any node count, and not those whose mode is Observe. Lines with an error are named and left out, and then the
exit status is 1 too.`

func rulesDiffCommand(name string, at systemAt) *cobra.Command {
	root, ignoreExtra := "/", false
	c := &cobra.Command{
		Use:     "diff FILE…",
		Short:   "Compare the kernel's rules with files",
		Long:    rulesDiffLong,
		Example: examples(name, "rules diff policy.yaml", "rules diff /etc/audit/rules.d/*.rules", "rules diff --ignore-unmanaged policy.yaml"),
		Args:    atLeastOneFile,
		RunE: func(c *cobra.Command, args []string) error {
			want, found, err := wanted(c, args, root)
			if err != nil {
				return err
			}
			if err := show(c.ErrOrStderr(), found, "text"); err != nil {
				return fmt.Errorf("printing findings: %w", err)
			}
			listed, err := at(root).List()
			if err != nil {
				return plain(err, c)
			}
			differs := compare(want, listed)
			if ignoreExtra {
				differs.extra = nil
			}
			if err := differs.print(c.OutOrStdout()); err != nil {
				return fmt.Errorf("printing the difference: %w", err)
			}
			return errors.Join(summary(found), differs.summary())
		},
	}
	c.Flags().StringVar(&root, "root", root, "root directory in which paths, users and groups of the rules are looked up")
	c.Flags().BoolVar(&ignoreExtra, "ignore-unmanaged", false, "leave out rules of the kernel that are in no file")
	return c
}

func (c comparison) print(out io.Writer) error {
	var text strings.Builder
	for _, part := range []struct {
		mark  string
		rules []hostRule
	}{{"+", c.missing}, {"-", c.extra}, {"!", c.misplaced}} {
		for _, r := range part.rules {
			text.WriteString(part.mark + " " + r.Rule + "\n")
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// summary is nil where nothing differs.
func (c comparison) summary() error {
	if c.differences() == 0 {
		return nil
	}
	return fmt.Errorf("the kernel lacks %s, has %s of no file, and %s in the wrong place",
		plural(len(c.missing), "rule"), plural(len(c.extra), "rule"), plural(len(c.misplaced), "rule"))
}
