package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// auditSystem is what the commands need of a kernel.
type auditSystem interface {
	// Status is kernel.Local.Status.
	Status() (kernel.Status, error)
	// List is kernel.Local.List.
	List() ([]rule.Wire, error)
	// Apply is kernel.Local.Apply.
	Apply(ctx context.Context, changes []kernel.Change) []error
}

// systemAt returns the audit system, with the paths in rules meant below a root directory.
type systemAt func(root string) auditSystem

func thisMachine(root string) auditSystem { return kernel.Local{HostRoot: root} }

func rulesCommand(name string, at systemAt) *cobra.Command {
	c := &cobra.Command{
		Use:     "rules",
		Short:   "List, compare and load the rules of this machine's kernel",
		Long:    "List the audit rules that this machine's kernel has, compare them with files, or load files. It needs root.",
		Example: examples(name, "rules list", "rules diff policy.yaml", "rules load policy.yaml"),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(rulesListCommand(name, at), rulesDiffCommand(name, at), rulesLoadCommand(name, at))
	return c
}

const rulesListLong = `Print the rules that this machine's kernel has, one a line, in the form of auditctl -l: by list, and within a list in the order in which they
are tried. Numbers stand for users and groups. A rule that this version does not know is printed as a remark with its bytes.`

func rulesListCommand(name string, at systemAt) *cobra.Command {
	output := "rules"
	c := &cobra.Command{
		Use:     "list",
		Short:   "Print the rules that the kernel has",
		Long:    rulesListLong,
		Example: examples(name, "rules list", "rules list -o json | jq -r .keys[]"),
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := oneOf(output, "rules", "hex", "json"); err != nil {
				return err
			}
			listed, err := at("/").List()
			if err != nil {
				return plain(err, c)
			}
			if len(listed) == 0 && output == "rules" {
				_, err = fmt.Fprintln(c.ErrOrStderr(), "No rules")
				return err
			}
			for _, w := range listed {
				r := listedRule(w)
				if err := r.print(c.OutOrStdout(), output); err != nil {
					return fmt.Errorf("printing rules: %w", err)
				}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&output, "output", "o", output, "rules, hex, or json: one object a line with rule, keys, hex")
	return c
}

// plain says in the user's words why the kernel did not answer.
func plain(err error, c *cobra.Command) error {
	missing, is := errors.AsType[*kernel.UnsupportedError](err)
	switch {
	case errors.Is(err, kernel.ErrLocked):
		return errors.New("the audit system is locked (enabled 2): nothing can change until this machine reboots")
	case !is && errors.Is(err, kernel.ErrNotPermitted):
		return fmt.Errorf("%w: ask what confines this shell, SELinux or AppArmor perhaps", err)
	case !is:
		return err
	case missing.Cause == kernel.NoCapability && os.Geteuid() != 0:
		return fmt.Errorf("only root may read and change audit rules: run it as root, for example sudo %s", c.CommandPath())
	case missing.Cause == kernel.NoCapability:
		return errors.New("this shell lacks CAP_AUDIT_CONTROL: run it on the machine itself, or in a container with that capability")
	case missing.Cause == kernel.NoKernelSupport:
		return err
	default:
		return errors.New("this shell is in a container, and the kernel answers only outside of its pid and user namespaces: run it on the machine itself")
	}
}
