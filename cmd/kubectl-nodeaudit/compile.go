package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
)

const compileLong = `Print the exact rules that a node would get, one a line: in their canonical form, which is close to auditctl -l, or as the bytes of struct
audit_rule_data that go to the kernel, in hexadecimal. Words go to standard error.

The node is one that every policy selects, whatever its nodeSelector. Rules of *.rules files come first, in the order of the files; then those
of the policies, the highest priority first and equal ones by name. What a node would not get is left out and named, and the exit status is 1: a
line of a rules file with an error, a whole policy with an error, with -o hex and -o json also the bytes of a rule that names a user, group,
system call or architecture that the host does not have. A rule whose path does not exist has its bytes: on a node it waits for the path.
A rule with path=@privileged is printed as it stands, and with --root, -o hex or -o json as one rule for each such program below the root.
Rules of a policy whose mode is Observe are printed too, behind the others: nodes compare them and do not load them.

What is printed is what the optimiser makes of the rules, which records the same at less cost (docs/optimiser.md), in the order of the kernel's
list; not of policies with optimize: false. It looks at the host's users, groups and directories, and leaves alone what it cannot resolve there.
In text, a watch is a watch, though its bytes have only the system calls in which its permission can be fulfilled. With --as-written each rule is
printed as it stands, one that is written twice twice.`

type compileFlags struct {
	root, output string
	asWritten    bool
}

func compileCommand(name string) *cobra.Command {
	var f compileFlags
	c := &cobra.Command{
		Use:   "compile FILE…",
		Short: "Print the rules that a node would get",
		Long:  compileLong,
		Example: examples(name, "compile policy.yaml", "compile -o hex --root /mnt/node policy.yaml extra.rules",
			"compile -o json policy.yaml | jq -r .rule", "compile --as-written - < /etc/audit/audit.rules"),
		Args: atLeastOneFile,
		RunE: f.run,
	}
	c.Flags().StringVar(&f.root, "root", "/", "root directory of the host in which paths, users and groups are looked up")
	c.Flags().BoolVar(&f.asWritten, "as-written", false, "one rule out for each rule in, a line with two arch= counting as two: nothing is optimised")
	c.Flags().StringVarP(&f.output, "output", "o", "rules", "rules, hex, or json: one object a line with file, line, policy, pack, mode, rule, keys, hex, error, from")
	return c
}

func (f *compileFlags) run(c *cobra.Command, args []string) error {
	if err := oneOf(f.output, "rules", "hex", "json"); err != nil {
		return err
	}
	if err := isRoot(f.root); err != nil {
		return err
	}
	all, err := read(args, c.InOrStdin())
	if err != nil {
		return err
	}
	rules, conflicts := assemble(all.inputs)
	found := slices.Concat(all.found, conflicts)
	node := host.New(f.root)
	if f.output != "rules" || c.Flags().Changed("root") {
		rules = expanded(rules, node)
	}
	if !f.asWritten {
		rules = optimised(rules, node)
	}
	unresolved, err := f.print(c.OutOrStdout(), rules, node)
	if err != nil {
		return fmt.Errorf("printing rules: %w", err)
	}
	found = append(found, unresolved...)
	if err := show(c.ErrOrStderr(), found, "text"); err != nil {
		return fmt.Errorf("printing findings: %w", err)
	}
	return summary(found)
}

// compiled is a rule as a node would get it. Its JSON form is part of the output.
type compiled struct {
	File   string   `json:"file"`
	Line   int      `json:"line,omitempty"`
	Policy string   `json:"policy,omitempty"`
	Pack   string   `json:"pack,omitempty"`
	Mode   string   `json:"mode,omitempty"`
	Rule   string   `json:"rule"`
	Keys   []string `json:"keys,omitempty"`
	Hex    string   `json:"hex,omitempty"`
	Error  string   `json:"error,omitempty"`
	// From are the rules as they were written whose work it does; nothing with --as-written.
	From []origin `json:"from,omitempty"`

	rule      rule.Rule
	asWritten bool
}

// print writes the rules, and returns what the host lacks.
func (f *compileFlags) print(out io.Writer, rules []compiled, node rule.Host) ([]finding, error) {
	var found []finding
	for _, r := range rules {
		if f.output != "rules" {
			if err := r.encode(node); err != nil {
				found = append(found, r.unresolved(err))
			}
		}
		if err := r.print(out, f.output); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// print writes one line, and none where hex is asked for and there is none.
func (r *compiled) print(out io.Writer, output string) error {
	line := r.Rule
	switch {
	case output == "json":
		return printJSON(out, r, "")
	case output == "hex" && r.Hex == "":
		return nil
	case output == "hex":
		line = r.Hex
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

func (r *compiled) encode(node rule.Host) error {
	if r.Hex != "" {
		return nil
	}
	wire, err := r.rule.Encode(node)
	if err != nil {
		r.Error = err.Error()
		return err
	}
	r.Hex = hex.EncodeToString([]byte(wire))
	return nil
}

func (r *compiled) unresolved(err error) finding {
	f := finding{Severity: isError, File: r.File, Line: r.Line, Policy: r.Policy, Message: fmt.Sprintf("rule %s: %v", r.Rule, err)}
	if lacks := (*rule.ResolveError)(nil); errors.As(err, &lacks) {
		switch lacks.Kind {
		case rule.UnknownUser, rule.UnknownGroup:
			f.Fix = "correct the name, write the numeric id, or say with --root where the root directory of a host that has it is"
		default:
			f.Fix = "the bytes are made for the architecture of this machine: correct the name, or compile on a machine like the node"
		}
	}
	return f
}
