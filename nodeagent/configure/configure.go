// Package configure gives a node's boot loader audit=1 where a policy asks for it, and takes it out again where none does any more.
//
// What is asked for comes in, boot.PlanFor says how; the distribution's own means are used, and what was done is written down before it is
// done, with a copy of every file as it was. Then the files are looked at again: what they say is the answer, not what a program said. The
// package edits nothing that it has not written itself, but for one line of /etc/kernel/cmdline. It knows nothing of Kubernetes.
package configure

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// DefaultLimit is the audit_backlog_limit where a policy gives none.
const DefaultLimit = 8192

// Host is the node that is changed: onhost.Host.
type Host interface {
	// Allowed says whether changes are allowed at all.
	Allowed() bool
	// Read returns a file and its mode.
	Read(path string) ([]byte, fs.FileMode, error)
	// Write puts a file in place, whole or not at all.
	Write(path string, content []byte, mode fs.FileMode) error
	// Remove removes a file or an empty directory, if there is one.
	Remove(path string) error
	// Run runs a program and returns what it wrote.
	Run(ctx context.Context, program string, args ...string) (string, error)
}

// State is what has become of what was asked for.
type State string

// The states.
const (
	Nothing    State = ""           // nobody asks, and nothing is left
	Configured State = "Configured" // done, and the files of the boot loader say so
	NotNeeded  State = "NotNeeded"  // every entry had it already
	Pending    State = "Pending"    // done, and not to be seen before the next boot
	Refused    State = "Refused"    // not understood, or the opposite was set by somebody
	Failed     State = "Failed"     // tried, and it did not succeed or had no effect
)

// Answer is a state, with words for people.
type Answer struct {
	State   State  // empty where there is nothing to tell
	Message string // what was done, or what stands in the way and what to do
}

// Want is what policies ask for.
type Want struct {
	// Asked says that one asks for anything.
	Asked bool
	// Limit is the least audit_backlog_limit. 0 is DefaultLimit.
	Limit uint32
}

// Loader configures the boot loader of one node. It is for one goroutine.
type Loader struct {
	files boot.FS
	host  Host
	store store
}

// New returns what configures the node whose files are below root for this process. What it does is written down in the state directory.
func New(root string, host Host, stateDir string) *Loader {
	return &Loader{files: boot.Below(root), host: host, store: newStore(stateDir)}
}

// Ensure brings the boot loader where it should be. Doing it again changes nothing.
func (l *Loader) Ensure(ctx context.Context, want Want) Answer {
	if want.Limit == 0 {
		want.Limit = DefaultLimit
	}
	done, err := l.store.load()
	switch {
	case err != nil:
		return Answer{Failed, err.Error()}
	case !want.Asked && done == nil:
		return Answer{}
	case !want.Asked:
		return l.undo(ctx, *done, false)
	case done == nil:
		return l.begin(ctx, want.Limit)
	default:
		return l.renew(ctx, *done, want.Limit)
	}
}

// Left says whether something that was done is still to be undone.
func (l *Loader) Left() bool {
	done, err := l.store.load()
	return err != nil || done != nil
}

// begin configures a node on which nothing was done yet.
func (l *Loader) begin(ctx context.Context, limit uint32) Answer {
	plan := boot.PlanFor(l.files, limit)
	switch {
	case plan.Refusal != "":
		return Answer{Refused, plan.Refusal}
	case len(plan.Parameters) == 0:
		return Answer{NotNeeded, joined("every entry of the boot loader has audit=1 and audit_backlog_limit already", plan.Note)}
	case !l.host.Allowed():
		return Answer{Refused, "the next boot lacks " + strings.Join(plan.Parameters, " ") + "; " + notAllowed}
	}
	return l.apply(ctx, newRecord(plan), true, plan.Note)
}

const notAllowed = "to let the agent configure it set the chart's value agent.remediation.enabled=true (--remediation)"

// renew looks whether what was done still holds, and does it again where it does not or where something else is asked for.
func (l *Loader) renew(ctx context.Context, done record, limit uint32) Answer {
	wanted := done.limited(limit)
	report := boot.Look(l.files)
	if done.Complete && slices.Equal(wanted.Parameters, done.Parameters) && (holds(report, done) || pending(report, done)) {
		return l.verdict(report, done, "")
	}
	if !l.host.Allowed() {
		return Answer{Failed, "what the agent has configured is not there any more; " + notAllowed}
	}
	return l.apply(ctx, wanted, false, "")
}

// apply does what a record says, which is on disk before. What fails the first time is undone.
func (l *Loader) apply(ctx context.Context, r record, first bool, note string) Answer {
	r.Complete = false
	if err := l.store.save(r); err != nil {
		return Answer{Failed, err.Error()}
	}
	if err := l.do(ctx, &r); err != nil {
		failed := Answer{Failed, "configuring the boot loader: " + err.Error()}
		if !first {
			return failed
		}
		if back := l.undo(ctx, r, true); back.State != Nothing {
			failed.Message += "; " + back.Message
		}
		return failed
	}
	r.Complete = true
	if err := l.store.save(r); err != nil {
		return Answer{Failed, err.Error()}
	}
	return l.verdict(boot.Look(l.files), r, note)
}

// verdict is what the boot loader's files say.
func (l *Loader) verdict(report boot.Report, r record, note string) Answer {
	words := strings.Join(r.Parameters, " ")
	switch {
	case holds(report, r):
		return Answer{Configured, joined(fmt.Sprintf("gave the boot loader %s (%s)", words, r.where()), note)}
	case pending(report, r):
		return Answer{Pending, fmt.Sprintf("%s has taken %s; the entries are written while the node shuts down", r.Way, words)}
	}
	message := fmt.Sprintf("gave the boot loader %s (%s), and the next boot is %s all the same", words, r.where(), report.Next.Audit)
	if len(report.Findings) > 0 {
		message += ": " + report.Findings[0].Message
	}
	return Answer{Failed, message}
}

// holds says whether the next boot has what the record has given it.
func holds(report boot.Report, r record) bool {
	if report.Next.Audit != boot.On {
		return false
	}
	for _, e := range report.Entries {
		if r.limit() != 0 && !e.Rescue && !e.Other && e.BacklogLimit == nil {
			return false
		}
	}
	return true
}

// pending says that rpm-ostree writes the entries later.
func pending(report boot.Report, r record) bool {
	return r.Way == boot.RPMOSTree && slices.ContainsFunc(report.Findings, func(f boot.Finding) bool { return f.ID == boot.DeploymentStaged })
}

// undo takes out what was done. What somebody has changed since then stays, and is told. Copies of files are put back only where they were made
// a moment ago: a grub.cfg of last month knows nothing of the kernels of today.
func (l *Loader) undo(ctx context.Context, r record, fresh bool) Answer {
	if !l.host.Allowed() {
		return Answer{Failed, "what the agent has given the boot loader is still there; " + notAllowed}
	}
	err := l.reverse(ctx, r)
	if err != nil && fresh {
		err = l.restore(r, err)
	}
	if err != nil {
		return Answer{Failed, "undoing what the agent has configured: " + err.Error()}
	}
	if err := l.store.remove(); err != nil {
		return Answer{Failed, err.Error()}
	}
	return Answer{}
}

func joined(text, note string) string {
	if note == "" {
		return text
	}
	return text + "; " + note
}

var errChanged = errors.New("somebody has changed it since the agent wrote it")
