package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Print writes reports as text, or as one JSON object a line, where there is no cluster to tell.
type Print struct {
	out  io.Writer
	node string
	json bool
	last *v1alpha1.NodeAuditReport
}

// NewPrint returns what prints the reports of a node to out.
func NewPrint(out io.Writer, node string, asJSON bool) *Print {
	return &Print{out: out, node: node, json: asJSON}
}

// Offer prints the report where it has something new. It is for one goroutine.
func (p *Print) Offer(report v1alpha1.NodeAuditReport) {
	if !news(p.last, report) {
		return
	}
	p.last = &report
	if p.json {
		line, err := json.Marshal(struct {
			Node string `json:"node"`
			v1alpha1.NodeAuditReport
		}{p.node, report})
		if err == nil { // it always is: the report has no type that JSON refuses
			fmt.Fprintf(p.out, "%s\n", line)
		}
		return
	}
	fmt.Fprint(p.out, text(p.node, report))
}

// Run does nothing until ctx ends.
func (p *Print) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Acknowledged is empty: there is no object that could bear the annotation.
func (p *Print) Acknowledged() string { return "" }

// told says who knows of it.
func told(n v1alpha1.RebootNeed) string {
	switch {
	case n.Message != "":
		return n.Message
	case n.Signalled:
		return "/run/reboot-required says so"
	default:
		return "no policy asks to signal it"
	}
}

// text is the report for a person.
func text(node string, r v1alpha1.NodeAuditReport) string {
	var b strings.Builder
	line := func(indent, label, state, reason, message string) {
		fmt.Fprintf(&b, "%s%s: %s", indent, label, state)
		if reason != "" && reason != state {
			fmt.Fprintf(&b, " (%s)", reason)
		}
		if message != "" {
			fmt.Fprintf(&b, ": %s", message)
		}
		b.WriteByte('\n')
	}
	line("", "node "+node, string(r.State), r.Reason, r.Message)
	for _, p := range r.Policies {
		line("  ", "policy "+p.Name, string(p.State), p.Reason, p.Message)
	}
	fmt.Fprintf(&b, "  rules: %d of %d loaded, %d of others\n", r.Rules.Loaded, r.Rules.Wanted, r.Rules.Unmanaged)
	for _, problem := range r.Rules.Problems {
		fmt.Fprintf(&b, "    %s: %s: %s\n", strings.ToLower(problem.Reason), problem.Rule, problem.Message)
	}
	if k := r.Kernel; k != nil {
		fmt.Fprintf(&b, "  kernel: audit %s, backlog limit %d, on failure %s, rate limit %d, lost %d\n",
			strings.ToLower(string(k.Enabled)), k.BacklogLimit, strings.ToLower(string(k.FailureMode)), k.RateLimit, k.Lost)
	}
	if r.Boot != nil && r.Boot.Remediation != nil {
		line("  ", "boot loader", string(r.Boot.Remediation.State), "", r.Boot.Remediation.Message)
	}
	b.WriteString(lockText(r.Lock))
	if r.Drift.Count > 0 {
		fmt.Fprintf(&b, "  drift: %d times, the last: %s, by %s\n", r.Drift.Count, r.Drift.LastMessage, r.Drift.LastBy)
	}
	if n := r.Reboot; n != nil {
		fmt.Fprintf(&b, "  needs a reboot (%s): %s\n", n.Reason, told(*n))
	}
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "  %s: %s\n", c.Type, c.Message)
	}
	for _, sink := range r.Sinks {
		if sink.LastError != "" {
			fmt.Fprintf(&b, "  sink %s: %s\n", sink.Name, sink.LastError)
		}
	}
	return b.String()
}

// lockText says who has locked the audit system, what a reboot has to change, and what it will load. Empty where nothing is locked or staged.
func lockText(l *v1alpha1.LockReport) string {
	if l == nil {
		return ""
	}
	var b strings.Builder
	if l.LockedBy != "" {
		fmt.Fprintf(&b, "  locked by %s, since boot %s\n", strings.ToLower(string(l.LockedBy)), l.SinceBootID)
	}
	for _, r := range l.Missing {
		fmt.Fprintf(&b, "    a reboot has to bring: %s\n", r)
	}
	for _, r := range l.Superfluous {
		fmt.Fprintf(&b, "    a reboot has to take: %s\n", r)
	}
	switch {
	case l.Staged && l.Message == "":
		fmt.Fprintf(&b, "  next boot: staged in %s\n", l.StagedIn)
	case l.Staged:
		fmt.Fprintf(&b, "  next boot: staged in %s; %s\n", l.StagedIn, l.Message)
	default:
		fmt.Fprintf(&b, "  next boot: %s\n", l.Message)
	}
	return b.String()
}
