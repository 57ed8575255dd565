package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/internal/version"
)

const rootLong = `Work with audit rules and AuditPolicy objects on this machine. No cluster is asked, but by sink test.

Files that end in .rules have rules in the language of auditctl(8); files that end in .yaml, .yml or .json have AuditPolicy objects, as many
as one likes. "-" is standard input; there, and in files with another ending, the first line tells: rules begin with one hyphen.`

// displayName is what the user typed: kubectl finds a plugin by the name of its file.
func displayName(program string) string {
	if strings.HasPrefix(filepath.Base(program), "kubectl-") {
		return "kubectl nodeaudit"
	}
	return "nodeaudit"
}

// command is the whole command line. Results go to out, words to words.
func command(name string, in io.Reader, out, words io.Writer) *cobra.Command {
	c := &cobra.Command{
		Use:               "nodeaudit",
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: name},
		Short:             "Check audit rules and policies, and show what a node would get",
		Long:              rootLong,
		Example:           examples(name, "lint policy.yaml", "compile policy.yaml"),
		Version:           version.Version,
		Args:              cobra.NoArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetVersionTemplate("nodeaudit {{.Version}}\n")
	c.SetIn(in)
	c.SetOut(out)
	c.SetErr(words)
	c.AddCommand(lintCommand(name), compileCommand(name), rulesCommand(name, thisMachine), packsCommand(name), bootCommand(name), decodeCommand(name), searchCommand(name), verifyCommand(name), sinkCommand(name), versionCommand(name))
	return c
}

func versionCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: examples(name, "version"),
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), "nodeaudit", version.Version)
			return err
		},
	}
}

// examples writes lines as the user would type them.
func examples(name string, lines ...string) string {
	var text []string
	for _, line := range lines {
		text = append(text, "  "+name+" "+line)
	}
	return strings.Join(text, "\n")
}

// atLeastOneFile refuses a call without files and says how to give one.
func atLeastOneFile(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no file is named: write %s FILE, or - for standard input", c.CommandPath())
	}
	return nil
}

// oneOf checks the value of -o.
func oneOf(output string, known ...string) error {
	if slices.Contains(known, output) {
		return nil
	}
	return fmt.Errorf("-o %s: it is %s", output, either(known))
}

// either lists words that exclude each other.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// printJSON writes a value for programs, with <, > and & as they are: rules have many.
func printJSON(out io.Writer, value any, indent string) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	return encoder.Encode(value)
}
