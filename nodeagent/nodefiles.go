package nodeagent

import (
	"context"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/configure"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/onhost"
	"github.com/nodeaudit/nodeaudit/nodeagent/stage"
)

// tryAgain is when something that failed is tried again: what stands in the way is rarely gone after seconds, and grub-mkconfig is not cheap.
const tryAgain = 15 * time.Minute

// nodeFiles is what policies ask of the node's own files: the boot loader's configuration, and the rules of the next boot.
type nodeFiles struct {
	boots  boots
	loader *configure.Loader
	stager *stage.Stager
	// asked says that something else is wanted of the boot loader, and changed that there is something new to report.
	asked, changed chan struct{}

	mu     sync.Mutex
	known  bool
	want   configure.Want
	answer configure.Answer
	busy   bool
}

func newNodeFiles(options Options) (*nodeFiles, error) {
	bootID, err := host.BootID()
	if err != nil {
		return nil, err
	}
	changer := onhost.New(options.HostRoot, options.ChangeHost)
	return &nodeFiles{
		boots:  boots{root: options.HostRoot, stateDir: options.StateDir, bootID: bootID},
		loader: configure.New(options.HostRoot, changer, options.StateDir),
		stager: stage.New(stage.Options{
			Root: options.HostRoot, Host: changer, Rules: host.New(options.HostRoot), StateDir: options.StateDir, Loader: options.EarlyLoader, BootID: bootID,
		}),
		asked: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}, nil
}

// ask says what policies want of the boot loader.
func (n *nodeFiles) ask(config nodeconfig.Config) {
	want := configure.Want{Asked: config.Boot.Remediation == v1alpha1.BootConfigure}
	if config.Boot.BacklogLimit != nil {
		want.Limit = uint32(*config.Boot.BacklogLimit)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known && n.want == want {
		return
	}
	n.known, n.want, n.busy = true, want, want.Asked || n.loader.Left()
	poke(n.asked)
}

// run keeps the boot loader configured until ctx ends. Programs of the node can take minutes, and the rules in the kernel do not wait for them.
func (n *nodeFiles) run(ctx context.Context) {
	wait := bootsEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.asked:
		case <-time.After(wait):
		}
		wait = bootsEvery
		if n.configure(ctx).State == configure.Failed {
			wait = tryAgain
		}
		poke(n.changed)
	}
}

// configure brings the boot loader where it should be, once.
func (n *nodeFiles) configure(ctx context.Context) configure.Answer {
	n.mu.Lock()
	known, want := n.known, n.want
	n.mu.Unlock()
	if !known {
		return configure.Answer{}
	}
	answer := n.loader.Ensure(ctx, want)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer, n.busy = answer, n.want != want
	n.boots.again()
	return answer
}

// complete adds to a report what is true of the node's files, and stages what a pass with the state has left to the next boot.
func (n *nodeFiles) complete(report *v1alpha1.NodeAuditReport, converger *converge.Converger, state *desired.State) {
	lost := int64(-1)
	if report.Kernel != nil {
		lost = report.Kernel.Lost
	}
	report.Boot = n.boots.report(lost)
	report.Boot.Remediation = n.remediation()
	if report.Boot.Remediation != nil && report.Boot.Remediation.State == v1alpha1.BootRefused {
		refused := v1alpha1.BootFinding{Reason: "CannotConfigure", Message: cut(report.Boot.Remediation.Message, maxBootMessage)}
		report.Boot.Findings = append([]v1alpha1.BootFinding{refused}, report.Boot.Findings...)
		report.Boot.Findings = report.Boot.Findings[:min(len(report.Boot.Findings), maxBootFindings)]
	}
	if set, found, known := converger.Staging(state); known {
		n.stage(report, set, found)
	}
	n.notReleasedYet(report)
}

func (n *nodeFiles) stage(report *v1alpha1.NodeAuditReport, set *stage.Set, found map[string]uint32) {
	answer := n.stager.Ensure(set, found)
	if answer == (stage.Answer{}) {
		return
	}
	if report.Lock == nil {
		report.Lock = &v1alpha1.LockReport{}
	}
	report.Lock.Staged, report.Lock.StagedIn, report.Lock.Message = answer.Staged, answer.In, cut(answer.Message, maxRemediation)
}

const maxRemediation = 4096

// remediation is nil where nobody asks and nothing is left.
func (n *nodeFiles) remediation() *v1alpha1.BootRemediationReport {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.busy && n.want.Asked:
		return &v1alpha1.BootRemediationReport{State: v1alpha1.BootPending, Message: "the boot loader is being configured"}
	case n.busy:
		return &v1alpha1.BootRemediationReport{State: v1alpha1.BootPending, Message: "what was configured is being undone"}
	case n.answer.State == configure.Nothing:
		return nil
	default:
		return &v1alpha1.BootRemediationReport{State: v1alpha1.BootRemediationState(n.answer.State), Message: cut(n.answer.Message, maxRemediation)}
	}
}

// notReleasedYet keeps a node from being called released while its files still have what the agent has put there.
func (n *nodeFiles) notReleasedYet(report *v1alpha1.NodeAuditReport) {
	if report.Reason != v1alpha1.ReasonReleased {
		return
	}
	left := ""
	switch {
	case report.Boot.Remediation != nil:
		left = report.Boot.Remediation.Message
	case n.stager.Left() && report.Lock != nil:
		left = report.Lock.Message
	default:
		return
	}
	report.State, report.Reason = v1alpha1.NodeSettingsDiffer, v1alpha1.ReasonReleasing
	report.Message = cut("the kernel has nothing of nodeaudit any more, files of the node still have: "+left, maxRemediation)
}

// poke leaves word, if there is none yet.
func poke(channel chan<- struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}
