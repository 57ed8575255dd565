package nodeagent

import (
	"strings"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// bootsEvery is how old the report on the node's boot may be: boot loaders are changed by people and package managers, not by the second.
const bootsEvery = 5 * time.Minute

// boots keeps the last look at how the node boots.
type boots struct {
	root, stateDir, bootID string

	mu     sync.Mutex
	looked time.Time
	last   *v1alpha1.BootReport
	start  *v1alpha1.BootBeginning
}

// report looks again where the last look is old. lost is what the kernel has lost so far, -1 for not known; what it is at the first look on
// a boot stays in the report.
func (b *boots) report(lost int64) *v1alpha1.BootReport {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil || time.Since(b.looked) > bootsEvery {
		b.last, b.looked = bootReport(boot.Look(boot.Below(b.root))), time.Now()
	}
	if b.start == nil && lost >= 0 {
		b.start = b.beginning(lost)
	}
	report := b.last.DeepCopy()
	report.Beginning = b.start
	return report
}

// again makes the next report look.
func (b *boots) again() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looked = time.Time{}
}

// bootAudits are the words of the status for those of package boot.
var bootAudits = map[boot.Audit]v1alpha1.BootAudit{
	boot.On: v1alpha1.BootAuditOn, boot.Off: v1alpha1.BootAuditOff, boot.Mixed: v1alpha1.BootAuditMixed, boot.Unknown: v1alpha1.BootAuditUnknown,
}

// The schema's bounds.
const (
	maxBootFindings = 20
	maxBootMessage  = 1024
)

func bootReport(r boot.Report) *v1alpha1.BootReport {
	report := &v1alpha1.BootReport{
		Loader:  string(r.Loader),
		Running: v1alpha1.BootParameters{Audit: bootAudits[r.Running.Audit], BacklogLimit: wide(r.Running.BacklogLimit)},
		Next:    v1alpha1.BootParameters{Audit: bootAudits[r.Next.Audit], BacklogLimit: wide(r.Next.BacklogLimit)},
	}
	for _, f := range r.Findings[:min(len(r.Findings), maxBootFindings)] {
		report.Findings = append(report.Findings, v1alpha1.BootFinding{Reason: camel(f.ID), Message: bootMessage(f)})
	}
	return report
}

// bootMessage says what was found, where, and what to do.
func bootMessage(f boot.Finding) string {
	text := f.Message
	if f.File != "" {
		text = f.File + ": " + text
	}
	if f.Fix != "" {
		text += ": " + f.Fix
	}
	return cut(text, maxBootMessage)
}

// cut keeps a text within the schema's bound.
func cut(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most-len("…")], "") + "…"
	}
	return strings.ToValidUTF8(text, "?")
}

// camel writes next-off as NextOff.
func camel(id boot.ID) string {
	var s strings.Builder
	for word := range strings.SplitSeq(string(id), "-") {
		if word != "" {
			s.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return s.String()
}

func wide(n *uint32) *int64 {
	if n == nil {
		return nil
	}
	return new(int64(*n))
}
