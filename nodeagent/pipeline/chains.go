package pipeline

import (
	"cmp"
	"crypto/ed25519"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// chainKey is the key that signs checkpoints of this node's files. Without one files have none: an event on the disk is worth more.
func chainKey(options Options) ed25519.PrivateKey {
	if options.StateDir == "" {
		return nil
	}
	key, err := chain.Key(options.StateDir)
	if err != nil {
		options.Log.Error("writing logs without checkpoints", "err", err)
		return nil
	}
	return key
}

// chain is that of a file of this node, nil of other places.
func (s *sinks) chain(target destination, asked settings) *chain.Chain {
	lines, err := form.Named(string(asked.format))
	if target.kind != v1alpha1.SinkTypeFile || s.key == nil || err != nil {
		return nil
	}
	return chain.New(chain.Options{
		Node: s.options.NodeName, File: target.file, Key: s.key, StateDir: s.options.StateDir, Form: lines.AppendLine,
	})
}

// Logs says how far the checkpoints of this node's files are. It is safe for concurrent use.
func (p *Pipeline) Logs() []v1alpha1.LogReport {
	s := p.sinks
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []v1alpha1.LogReport
	for target, place := range s.places {
		if place.chain == nil {
			continue
		}
		if latest := place.chain.Latest(); latest != nil {
			list = append(list, v1alpha1.LogReport{
				File: target.file, PublicKey: chain.PublicText(latest.Key),
				Latest: v1alpha1.LogCheckpoint{Sequence: int64(latest.Sequence), Hash: latest.Hash().String(), Time: metav1.NewTime(latest.Time)},
			})
		}
	}
	slices.SortFunc(list, func(a, b v1alpha1.LogReport) int { return cmp.Compare(a.File, b.File) })
	return list[:min(len(list), maxLogs)]
}

// maxLogs is as many as a report may have.
const maxLogs = 64
