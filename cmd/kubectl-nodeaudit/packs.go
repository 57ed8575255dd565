package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/api/rule/packs"
)

const packsLong = `List the rule sets that come with nodeaudit, or print those that are named, with the reference and the reason of each rule.

A policy names packs in spec.packs, and need not have their text. To change a pack, print it, edit it and put it into spec.rules instead. A rule
with path=@privileged stands for one rule for each setuid, setgid or capability program of a node: compile --root prints them.`

type packsFlags struct {
	output string
	uidMin uint32
}

func packsCommand(name string) *cobra.Command {
	f := packsFlags{output: "text"}
	c := &cobra.Command{
		Use:     "packs [NAME…]",
		Short:   "List the built-in rule sets, or print their rules",
		Long:    packsLong,
		Example: examples(name, "packs", "packs docker kubernetes-node", "packs cis --uid-min 500 > cis.rules", "packs attack -o json | jq -r '.[].rules[].rule'"),
		RunE:    f.run,
	}
	c.ValidArgs = packs.Names
	c.Flags().StringVarP(&f.output, "output", "o", f.output,
		"text, or json: one array of objects with name, version, title, covers, sources, count and, of packs that are named, rules")
	c.Flags().Uint32Var(&f.uidMin, "uid-min", packs.DefaultUIDMin, "first user id of people, as spec.packParameters.uidMin")
	return c
}

func (f *packsFlags) run(c *cobra.Command, args []string) error {
	if err := oneOf(f.output, "text", "json"); err != nil {
		return err
	}
	if f.uidMin == 0 || f.uidMin == math.MaxUint32 {
		return fmt.Errorf("--uid-min %d: write a number from 1 to %d", f.uidMin, uint32(math.MaxUint32-1))
	}
	chosen, err := choose(args)
	if err != nil {
		return err
	}
	if err := f.print(c.OutOrStdout(), chosen, len(args) > 0); err != nil {
		return fmt.Errorf("printing packs: %w", err)
	}
	return nil
}

// choose returns the packs that are named, or all of them.
func choose(names []string) ([]packs.Pack, error) {
	if len(names) == 0 {
		return packs.All(), nil
	}
	var chosen []packs.Pack
	for _, name := range names {
		pack, found := packs.Find(name)
		if !found {
			return nil, fmt.Errorf("pack %s is not known: write %s", name, either(packs.Names))
		}
		chosen = append(chosen, pack)
	}
	return chosen, nil
}

func (f *packsFlags) print(out io.Writer, chosen []packs.Pack, whole bool) error {
	parameters := packs.Parameters{UIDMin: f.uidMin}
	switch {
	case f.output == "json":
		return printJSON(out, packObjects(chosen, parameters, whole), "  ")
	case !whole:
		return printTable(out, chosen, parameters)
	}
	var texts []string
	for _, p := range chosen {
		texts = append(texts, p.Text(parameters))
	}
	_, err := io.WriteString(out, strings.Join(texts, "\n"))
	return err
}

func printTable(out io.Writer, list []packs.Pack, parameters packs.Parameters) error {
	table := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSION\tRULES\tTITLE")
	for _, p := range list {
		rules, _ := p.Parse(parameters)
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", p.Name, p.Version, len(rules), p.Title)
	}
	return table.Flush()
}
