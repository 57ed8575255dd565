package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
)

const lintLong = `Check rules files and the objects AuditPolicy, AuditSink, AuditRoute and NamespacedAuditSink. Findings go to standard output, one a
line, as FILE:LINE:COLUMN: error or warning: what is wrong: what to do (name of the check). For rules within a policy the line is that of the
YAML file. The exit status is 1 where there is an error.

Errors: lines that nodeaudit does not accept as a rule, fields that an object does not have, and what the controller would refuse.
Warnings: what is accepted but probably not meant. Notes: what is worth knowing, printed with --notes, and always in JSON and SARIF. docs/lint.md
has every check. What the rules of each file or policy cost goes to standard error, in JSON and SARIF it is a note.

Files are not compared with each other. Where a path leads is not looked up, unless --root says where a node's files are. Users and groups are
looked up by compile --root. Bounds of numbers and lengths are left to the API server: kubectl apply --dry-run=server checks them.`

type lintFlags struct {
	output, root string
	target       lint.Target
	skip         []string
	notes        bool
}

func lintCommand(name string) *cobra.Command {
	f := lintFlags{output: "text"}
	c := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check rules and policies",
		Long:  lintLong,
		Example: examples(name, "lint policy.yaml /etc/audit/rules.d/*.rules", "lint -o json policies/*.yaml",
			"lint --root / --machine x86_64 --skip no-key,missing-b32 policy.yaml", "lint -o sarif policies/*.yaml > nodeaudit.sarif",
			"lint - < /etc/audit/audit.rules"),
		Args: atLeastOneFile,
		RunE: f.run,
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", f.output,
		"text, json: one array of objects with severity, check, file, line, column, policy, message, fix, or sarif: SARIF 2.1.0 for code scanning")
	flags.StringVar(&f.root, "root", "", "root directory of a host; with it, paths are looked up there")
	flags.StringVar(&f.target.Machine, "machine", "", "architecture of the nodes as uname -m says it; with it, what that lacks is told")
	flags.StringVar(&f.target.Kernel, "kernel", "", "oldest kernel of the nodes, for example 5.10; with it, system calls that are newer are told")
	flags.StringSliceVar(&f.skip, "skip", nil, "names of checks to leave out, errors excepted")
	flags.BoolVar(&f.notes, "notes", false, "print notes in text too")
	return c
}

func (f *lintFlags) run(c *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	all, err := read(args, c.InOrStdin())
	if err != nil {
		return err
	}
	found, costs := all.found, []finding(nil)
	for _, i := range all.inputs {
		found = append(found, i.lint(f.target)...)
		if price, any := i.cost(f.target); any {
			costs = append(costs, price)
		}
	}
	found, costs = f.wanted(found), f.wanted(costs)
	byFile(found, args)
	if err := f.print(c, found, costs, all.texts); err != nil {
		return fmt.Errorf("printing findings: %w", err)
	}
	return summary(found)
}

// check looks at the flags.
func (f *lintFlags) check() error {
	if err := oneOf(f.output, "text", "json", "sarif"); err != nil {
		return err
	}
	if f.root != "" {
		if err := isRoot(f.root); err != nil {
			return err
		}
		f.target.Files = disk(f.root)
	}
	if b64, b32 := rule.ABIs(f.target.Machine); f.target.Machine != "" && b64 == 0 && b32 == 0 {
		return fmt.Errorf("--machine %s: it is not known: write what uname -m says, for example x86_64 or aarch64", f.target.Machine)
	}
	for _, id := range f.skip {
		if !lint.Skippable(id) {
			return fmt.Errorf("--skip %s: there is no such check to leave out: docs/lint.md has their names", id)
		}
	}
	return nil
}

// wanted leaves out what the user does not want to see.
func (f *lintFlags) wanted(found []finding) []finding {
	return slices.DeleteFunc(found, func(x finding) bool {
		hidden := x.Severity == isNote && x.Check != "cost" && f.output == "text" && !f.notes
		return hidden || slices.Contains(f.skip, x.Check)
	})
}

// byFile sorts by the files in the order in which they were named, and by line.
func byFile(found []finding, args []string) {
	order := map[string]int{}
	for i, name := range args {
		order[fileName(name)] = i
	}
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Or(order[a.File]-order[b.File], a.Line-b.Line, a.Column-b.Column) })
}

func (f *lintFlags) print(c *cobra.Command, found, costs []finding, texts map[string]string) error {
	switch f.output {
	case "json":
		return show(c.OutOrStdout(), append(found, costs...), "json")
	case "sarif":
		return printSARIF(c.OutOrStdout(), append(found, costs...), texts)
	}
	if err := show(c.OutOrStdout(), found, "text"); err != nil {
		return err
	}
	return show(c.ErrOrStderr(), costs, "text")
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
