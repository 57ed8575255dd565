package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

const lintLong = `Check rules files and AuditPolicy objects. Findings go to standard output, one a line, as FILE:LINE:COLUMN: error or warning: what is
wrong: what to do. For rules within a policy the line is that of the YAML file. The exit status is 1 where there is an error.

Errors: lines that nodeaudit does not accept as a rule, fields that an object does not have, and what the controller would refuse.
Warnings: what is accepted but probably not meant, and rules that stand in one file or policy twice.

Files are not compared with each other. Paths, users and groups are not looked up: see compile --root. Bounds of numbers and lengths are left to
the API server: kubectl apply --dry-run=server checks them.`

func lintCommand(name string) *cobra.Command {
	output := "text"
	c := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check rules and policies",
		Long:  lintLong,
		Example: examples(name, "lint policy.yaml /etc/audit/rules.d/*.rules", "lint -o json policies/*.yaml",
			"lint - < /etc/audit/audit.rules"),
		Args: atLeastOneFile,
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf(output, "text", "json"); err != nil {
				return err
			}
			_, found, err := read(args, c.InOrStdin())
			if err != nil {
				return err
			}
			if err := show(c.OutOrStdout(), found, output); err != nil {
				return fmt.Errorf("printing findings: %w", err)
			}
			return summary(found)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", output, "text, or json: one array of objects with severity, file, line, column, policy, message, fix")
	return c
}

// show prints findings. Without any, text is empty and JSON an empty array.
func show(out io.Writer, found []finding, output string) error {
	if output == "json" {
		return printJSON(out, append([]finding{}, found...), "  ")
	}
	for _, f := range found {
		if _, err := fmt.Fprintln(out, f); err != nil {
			return err
		}
	}
	return nil
}

// summary is the error that makes the exit status 1, nil where no finding is an error.
func summary(found []finding) error {
	wrong, doubtful := count(found, isError), count(found, isWarning)
	switch {
	case wrong == 0:
		return nil
	case doubtful == 0:
		return errors.New(plural(wrong, "error"))
	default:
		return fmt.Errorf("%s and %s", plural(wrong, "error"), plural(doubtful, "warning"))
	}
}
