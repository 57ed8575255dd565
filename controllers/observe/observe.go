// Package observe shows the reconcilers the whole fleet at one moment: policies and sinks, compiled, and for each node what it has, what it
// should have and what its agent says.
//
// The informers' caches come in, a World goes out. It also says what is cached and which changes are worth another look. It never writes, and
// nobody may change what a World holds, because most of it is the caches' own memory.
//
// A look at 5,000 nodes must be cheap, so what a node has and should have is kept from one look to the next: see memo.
package observe

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// World is the fleet at one moment.
type World struct {
	// Policies are all policies, ordered by name.
	Policies []v1alpha1.AuditPolicy
	// Sinks are all sinks, ordered by name.
	Sinks []v1alpha1.AuditSink
	// Verdicts has the compiler's verdict on each policy by its name.
	Verdicts map[string]compile.Verdict
	// Nodes are all nodes, ordered by name.
	Nodes []Node
	// Orphans are ConfigMaps of nodes that are gone.
	Orphans []*corev1.ConfigMap
	// RuleSets are the ConfigMaps of rule sets by their digest.
	RuleSets map[string]*corev1.ConfigMap
}

// Node is one node in a World.
type Node struct {
	// Name is the Node object's name.
	Name string
	// UID is the Node object's.
	UID types.UID
	// Policies are the names of the policies that select the node, in the order of their rules.
	Policies []string
	// Content is what the node should have, but for Config.Node. Nil where that cannot be told: a policy is stalled, and what the node has of
	// it cannot be read any more.
	Content *compile.Content
	// Desired is the digest of the configuration with that content.
	Desired string
	// ConfigMap is the node's, nil where it has none.
	ConfigMap *corev1.ConfigMap
	// Has is what that ConfigMap holds.
	Has Held
	// Report is what its agent says, nil where it has never reported.
	Report *v1alpha1.NodeAuditReport
	// Object is what holds the report.
	Object *v1alpha1.NodeAuditStatus
}

// Held is what the ConfigMap of a node holds.
type Held struct {
	// Digest is that of the configuration. Empty where there is none, or where it was edited.
	Digest string
	// RuleSet is the digest of the rule set that it points to.
	RuleSet string
	// Policies are the names of the policies in it.
	Policies []string
}

// Current is the digest of the configuration that the node has, as far as one can tell: that of its ConfigMap, or, where that was deleted or
// edited by hand, the one that its agent enforces all the same.
func (n Node) Current() string {
	if n.Has.Digest == "" && n.Report != nil {
		return n.Report.ConfigDigest
	}
	return n.Has.Digest
}

// Released says that no policy is for the node and that its agent has taken out everything.
func (n Node) Released() bool {
	return n.Content != nil && len(n.Content.Config.Policies) == 0 && n.Report != nil &&
		n.Report.Reason == v1alpha1.ReasonReleased && n.Report.ConfigDigest == n.Desired
}

// Concerned says that nodeaudit has or had something to do with the node: a policy is for it, it has a ConfigMap, or its agent enforces
// something that must be taken back.
func (n Node) Concerned() bool {
	return n.ConfigMap != nil || (n.Content != nil && len(n.Content.Config.Policies) > 0) || (n.Report != nil && len(n.Report.Policies) > 0)
}

// Reader makes Worlds. One reconciler uses it at a time.
type Reader struct {
	client    client.Reader
	namespace string
	memo      memo
}

// NewReader returns a Reader of the caches behind client. The ConfigMaps are those in namespace.
func NewReader(reader client.Reader, namespace string) *Reader {
	return &Reader{client: reader, namespace: namespace, memo: newMemo()}
}

// listed is what the caches hold.
type listed struct {
	policies v1alpha1.AuditPolicyList
	sinks    v1alpha1.AuditSinkList
	nodes    metav1.PartialObjectMetadataList
	maps     corev1.ConfigMapList
	reports  v1alpha1.NodeAuditStatusList
}

// World takes one look.
func (r *Reader) World(ctx context.Context) (*World, error) {
	var l listed
	l.nodes.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NodeList"))
	for _, list := range []client.ObjectList{&l.policies, &l.sinks, &l.nodes, &l.reports} {
		if err := r.client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	if err := r.client.List(ctx, &l.maps, client.UnsafeDisableDeepCopy, client.InNamespace(r.namespace)); err != nil {
		return nil, fmt.Errorf("listing ConfigMaps: %w", err)
	}
	return r.memo.world(l), nil
}

// sorted orders the lists, which the caches return in any order.
func (l *listed) sorted() {
	slices.SortFunc(l.policies.Items, func(a, b v1alpha1.AuditPolicy) int { return cmpNames(&a, &b) })
	slices.SortFunc(l.sinks.Items, func(a, b v1alpha1.AuditSink) int { return cmpNames(&a, &b) })
	slices.SortFunc(l.nodes.Items, func(a, b metav1.PartialObjectMetadata) int { return cmpNames(&a, &b) })
}

// configMaps splits them into those of nodes, by node, and those of rule sets, by digest.
func (l *listed) configMaps() (nodes, rules map[string]*corev1.ConfigMap) {
	nodes, rules = make(map[string]*corev1.ConfigMap, len(l.maps.Items)), map[string]*corev1.ConfigMap{}
	for i := range l.maps.Items {
		m := &l.maps.Items[i]
		switch m.Labels[nodeconfig.KindLabel] {
		case nodeconfig.KindNode:
			nodes[m.Name[min(len(nodeconfig.NodePrefix), len(m.Name)):]] = m
		case nodeconfig.KindRules:
			rules[m.Name[min(len(nodeconfig.RulesPrefix), len(m.Name)):]] = m
		}
	}
	return nodes, rules
}

// orphans are the ConfigMaps that are left when those of living nodes are taken away.
func orphans(nodes map[string]*corev1.ConfigMap) []*corev1.ConfigMap {
	var list []*corev1.ConfigMap
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		list = append(list, nodes[name])
	}
	return list
}
