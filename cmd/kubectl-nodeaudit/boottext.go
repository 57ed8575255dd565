package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// showBoot prints a report for people or for programs.
func showBoot(out io.Writer, r boot.Report, output string) error {
	if output == "json" {
		return printJSON(out, r, "  ")
	}
	_, err := io.WriteString(out, bootText(r))
	return err
}

// bootText has the verdicts first, for somebody who has a minute.
func bootText(r boot.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "boot loader: %s\n", r.Loader)
	fmt.Fprintf(&b, "running:     %s\n", verdictText(r.Running.Audit, r.Running.BacklogLimit))
	fmt.Fprintf(&b, "next boot:   %s\n", verdictText(r.Next.Audit, r.Next.BacklogLimit))
	if len(r.Entries) > 0 {
		b.WriteString("\nentries:\n")
	}
	for _, e := range r.Entries {
		fmt.Fprintf(&b, "  %-7s  %s%s\n", entryAudit(e), e.Title, marks(e))
	}
	if len(r.Findings) > 0 {
		b.WriteString("\nfindings:\n")
	}
	for _, f := range r.Findings {
		b.WriteString(findingText(f))
	}
	return b.String()
}

func verdictText(audit boot.Audit, backlog *uint32) string {
	if backlog == nil {
		return string(audit)
	}
	return string(audit) + ", backlog limit " + strconv.FormatUint(uint64(*backlog), 10)
}

// entryAudit has a hyphen where audit has no meaning.
func entryAudit(e boot.Entry) string {
	if e.Other {
		return "-"
	}
	return string(e.Audit)
}

// marks says what is special about an entry.
func marks(e boot.Entry) string {
	var words []string
	for _, m := range []struct {
		is   bool
		word string
	}{
		{e.Default && e.Once, "default, for one boot"},
		{e.Default && !e.Once, "default"},
		{e.Rescue && !e.Default, "rescue, does not count"},
		{e.Rescue && e.Default, "rescue"},
		{e.Other, "not a Linux kernel of this node"},
	} {
		if m.is {
			words = append(words, m.word)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, "; ") + ")"
}

// findingText is a finding in at most three lines: what is so, where, and what to do.
func findingText(f boot.Finding) string {
	text := fmt.Sprintf("  %s: %s [%s]\n", f.Severity, f.Message, f.ID)
	switch {
	case f.Entry != "" && f.File != "":
		text += fmt.Sprintf("    where:      %s, entry %q\n", f.File, f.Entry)
	case f.File != "":
		text += "    where:      " + f.File + "\n"
	}
	if f.Fix != "" {
		text += "    what to do: " + f.Fix + "\n"
	}
	return text
}
