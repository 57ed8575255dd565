package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/internal/manifest"
	"github.com/nodeaudit/nodeaudit/nodeagent"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/publish"
)

// errDiffers makes the exit status 1. The status that was printed says why.
var errDiffers = errors.New("the node is not in sync")

// runAlone works from files until ctx ends.
func (f *flags) runAlone(ctx context.Context) error {
	o := f.options
	first, err := f.compile()
	if err != nil {
		return err
	}
	o.Source = &files{first: first, compile: f.compile}
	o.SecretsHint = "put its value into the file NAME/KEY below " + o.SecretsDir + ", which --secrets-dir names"
	// The status goes where the words go: the standard output may be a sink.
	o.Publisher = publish.NewPrint(f.words, o.Node, f.output == "json")
	return nodeagent.Run(ctx, o)
}

// runOnce loads, prints and ends.
func (f *flags) runOnce(ctx context.Context) error {
	state, err := f.compile()
	if err != nil {
		return err
	}
	return f.pass(ctx, state, func(r v1alpha1.NodeAuditReport) bool { return r.State == v1alpha1.NodeInSync })
}

// runRelease takes everything out that an agent with this state directory has put in, and then what it has kept there.
func (f *flags) runRelease(ctx context.Context) error {
	state, err := encoded(nodeconfig.Config{Node: f.options.Node}, nil)
	if err != nil {
		return err
	}
	if err := f.pass(ctx, state, func(r v1alpha1.NodeAuditReport) bool { return r.Reason == v1alpha1.ReasonReleased }); err != nil {
		return err
	}
	return nodeagent.Forget(f.options.StateDir)
}

func (f *flags) pass(ctx context.Context, state desired.State, good func(v1alpha1.NodeAuditReport) bool) error {
	report, err := nodeagent.Once(ctx, f.options, state)
	if err != nil {
		return err
	}
	publish.NewPrint(f.events, f.options.Node, f.output == "json").Offer(report)
	if !good(report) {
		return errDiffers
	}
	return nil
}

// files is a Source for hosts without Kubernetes.
type files struct {
	first   desired.State
	compile func() (desired.State, error)
}

// Run gives what the files say, and again after each SIGHUP. Files that do not compile change nothing.
func (s *files) Run(ctx context.Context, update func(desired.Update)) error {
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	update(desired.Update{State: &s.first})
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again:
		}
		state, err := s.compile()
		if err != nil {
			update(desired.Update{Err: err})
			continue
		}
		update(desired.Update{State: &state})
	}
}

// compile does what the controller does for a node that every policy selects: who names the files has selected already.
func (f *flags) compile() (desired.State, error) {
	var objects manifest.Objects
	for _, name := range slices.Concat(f.policies, f.sinks) {
		if err := objects.ReadFile(name); err != nil {
			return desired.State{}, err
		}
	}
	for i := range objects.Policies {
		objects.Policies[i].Spec.NodeSelector.Reset()
	}
	node := compile.Node{Name: f.options.Node, OS: "linux"}
	config, rules, verdicts := compile.ForNode(node, objects.Policies, objects.Sinks, nil)
	var bad []string
	for _, v := range verdicts {
		for _, warning := range v.Warnings {
			fmt.Fprintf(f.words, "policy %s: warning: %s\n", v.Policy, warning)
		}
		if v.Stalled() {
			bad = append(bad, fmt.Sprintf("policy %s: %s", v.Policy, v.Message))
		}
		if len(v.MissingSinks) > 0 {
			bad = append(bad, fmt.Sprintf("policy %s: no AuditSink is named %s: give its file with --sinks, or correct the route",
				v.Policy, strings.Join(v.MissingSinks, ", ")))
		}
	}
	if len(bad) > 0 {
		return desired.State{}, fmt.Errorf("nothing is changed: %s", strings.Join(bad, "\n"))
	}
	return encoded(config, rules)
}

// encoded gives the configuration its digest.
func encoded(config nodeconfig.Config, rules nodeconfig.RuleSet) (desired.State, error) {
	data, err := nodeconfig.Encode(config)
	if err != nil {
		return desired.State{}, err
	}
	return desired.State{Config: config, Rules: rules, Digest: data[nodeconfig.DigestKey]}, nil
}
