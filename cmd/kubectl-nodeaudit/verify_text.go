package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/hole"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// verified is the verdict on one log.
type verified struct {
	Log   string   `json:"log"`
	Files []string `json:"files"`
	chain.Report
	Holes hole.Report `json:"holes"`
}

func printVerified(out io.Writer, output string, reports []verified) error {
	if output == "json" {
		return printJSON(out, reports, "  ")
	}
	var b strings.Builder
	for _, r := range reports {
		r.text(&b)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *verified) text(b *strings.Builder) {
	for _, f := range r.Findings {
		fmt.Fprintf(b, "%s\n", f)
	}
	fmt.Fprintf(b, "%s: %s in %s, %s", r.Log, counted(r.Lines, "line", "lines"), counted(int64(len(r.Files)), "file", "files"),
		counted(r.Checkpoints, "checkpoint", "checkpoints"))
	if r.Checkpoints > 0 {
		fmt.Fprintf(b, " (%d to %d) of node %s", r.First, r.Last, r.Node)
	}
	if len(r.Findings) == 0 {
		b.WriteString(": as they were signed\n")
	} else {
		fmt.Fprintf(b, ": %s\n", counted(int64(len(r.Findings)), "finding", "findings"))
	}
	note := func(format string, args ...any) { fmt.Fprintf(b, "  "+format+"\n", args...) }
	if r.First > 1 {
		note("checkpoints 1 to %d are not here: older files were rotated away, or removed", r.First-1)
	}
	if r.Before > 0 {
		note("%s before the chain began: nothing is known of them", counted(r.Before, "line is", "lines are"))
	}
	if r.Uncovered > 0 {
		note("%s behind the last checkpoint: nothing is known of them", counted(r.Uncovered, "line is", "lines are"))
	}
	switch {
	case !r.KeyChecked:
		note("no key was given: only the chain was checked, and whoever can write the log can make another one")
	case r.Published == 0:
		note("no status was given: whether the end was cut off cannot be told")
	case r.Behind:
		note("the published checkpoint %d is older than these files", r.Published)
	}
	holesText(r.Holes, note)
}
