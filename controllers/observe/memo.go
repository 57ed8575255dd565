package observe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// memo keeps what is dear to compute: a policy is compiled once for each generation, the content of a node once for each set of policies, a
// ConfigMap read once for each of its versions, and a digest made once for each content and node. Forgetting costs time and nothing else.
type memo struct {
	policies map[types.UID]compiled
	held     map[string]heldVersion
	digests  map[string]digestOf
	contents map[string]*compile.Content
	fleet    string // what contents were compiled from
}

type compiled struct {
	generation int64
	policy     *compile.Policy
}

type heldVersion struct {
	version string
	held    Held
}

type digestOf struct {
	content *compile.Content
	digest  string
}

func newMemo() memo {
	return memo{policies: map[types.UID]compiled{}, held: map[string]heldVersion{}, digests: map[string]digestOf{}}
}

func cmpNames(a, b client.Object) int { return strings.Compare(a.GetName(), b.GetName()) }

func (m *memo) world(l listed) *World {
	l.sorted()
	nodeMaps, ruleSets := l.configMaps()
	reports := make(map[string]*v1alpha1.NodeAuditStatus, len(l.reports.Items))
	for i := range l.reports.Items {
		reports[l.reports.Items[i].Name] = &l.reports.Items[i]
	}
	w := &World{Policies: l.policies.Items, Sinks: l.sinks.Items, RuleSets: ruleSets, Nodes: make([]Node, 0, len(l.nodes.Items))}
	for i := range l.nodes.Items {
		node := &l.nodes.Items[i]
		w.Nodes = append(w.Nodes, Node{
			Name: node.Name, UID: node.UID, ConfigMap: nodeMaps[node.Name], Has: m.has(node.Name, nodeMaps[node.Name]),
		})
		if object := reports[node.Name]; object != nil {
			at := &w.Nodes[len(w.Nodes)-1]
			at.Object, at.Report = object, &object.Status
		}
		delete(nodeMaps, node.Name)
	}
	w.Orphans = orphans(nodeMaps)
	m.compile(w, l.nodes.Items)
	m.forget(w)
	return w
}

// has reads a node's ConfigMap.
func (m *memo) has(node string, from *corev1.ConfigMap) Held {
	if from == nil {
		return Held{}
	}
	version := string(from.UID) + "/" + from.ResourceVersion
	if known, found := m.held[node]; found && known.version == version {
		return known.held
	}
	var held Held
	if config, digest, err := nodeconfig.Decode(from.Data); err == nil && config.Node == node {
		held = Held{Digest: digest, RuleSet: config.RuleSet}
		for _, p := range config.Policies {
			held.Policies = append(held.Policies, p.Name)
		}
	}
	m.held[node] = heldVersion{version, held}
	return held
}

// compile fills in what every node should have.
func (m *memo) compile(w *World, nodes []metav1.PartialObjectMetadata) {
	fleet := compile.NewFleet(m.compiled(w.Policies), w.Sinks)
	selections := make([]compile.Selection, len(nodes))
	names := map[compile.Selection][]string{}
	for i := range nodes {
		selections[i] = fleet.Select(compile.Node{Name: nodes[i].Name, OS: nodes[i].Labels[corev1.LabelOSStable], Labels: nodes[i].Labels})
		if _, known := names[selections[i]]; !known {
			names[selections[i]] = fleet.Names(selections[i])
		}
	}
	distinct := slices.Sorted(maps.Keys(names))
	fleet.Resolve(distinct)
	w.Verdicts = verdicts(fleet)
	if source := fingerprint(w, distinct); source != m.fleet || fleet.Holds() {
		m.fleet, m.contents = source, map[string]*compile.Content{}
	}
	k := keeper{world: w, fleet: fleet}
	if fleet.Holds() {
		k.look()
	}
	for i := range w.Nodes {
		node := &w.Nodes[i]
		node.Policies = names[selections[i]]
		if previous, readable := k.previous(node); readable {
			node.Content = m.content(fleet, selections[i], previous)
			node.Desired = m.digest(node)
		}
	}
}

// compiled compiles the policies that changed.
func (m *memo) compiled(policies []v1alpha1.AuditPolicy) []*compile.Policy {
	list := make([]*compile.Policy, len(policies))
	fresh := make(map[types.UID]compiled, len(policies))
	for i := range policies {
		p := &policies[i]
		known := m.policies[p.UID]
		if known.policy == nil || known.generation != p.Generation {
			known = compiled{p.Generation, compile.ForPolicy(p)}
		}
		fresh[p.UID], list[i] = known, known.policy
	}
	m.policies = fresh
	return list
}

func (m *memo) content(fleet *compile.Fleet, selection compile.Selection, previous *compile.Content) *compile.Content {
	key := fleet.Key(selection, previous)
	content, known := m.contents[key]
	if !known {
		made := fleet.Content(selection, previous)
		content = &made
		m.contents[key] = content
	}
	return content
}

// digest is that of the node's configuration with its content.
func (m *memo) digest(node *Node) string {
	if known, found := m.digests[node.Name]; found && known.content == node.Content {
		return known.digest
	}
	config := node.Content.Config
	config.Node = node.Name
	data, err := nodeconfig.Encode(config)
	if err != nil {
		return "" // cannot be: the types have nothing that JSON refuses
	}
	m.digests[node.Name] = digestOf{node.Content, data[nodeconfig.DigestKey]}
	return data[nodeconfig.DigestKey]
}

// forget drops what belongs to nodes that are gone.
func (m *memo) forget(w *World) {
	if len(m.held) <= len(w.Nodes) && len(m.digests) <= len(w.Nodes) {
		return
	}
	gone := func(name string) bool {
		_, found := slices.BinarySearchFunc(w.Nodes, name, func(n Node, name string) int { return cmp.Compare(n.Name, name) })
		return !found
	}
	maps.DeleteFunc(m.held, func(name string, _ heldVersion) bool { return gone(name) })
	maps.DeleteFunc(m.digests, func(name string, _ digestOf) bool { return gone(name) })
}

func verdicts(fleet *compile.Fleet) map[string]compile.Verdict {
	all := map[string]compile.Verdict{}
	for _, v := range fleet.Verdicts() {
		all[v.Policy] = v
	}
	return all
}

// fingerprint is equal for fleets that compile alike.
func fingerprint(w *World, selections []compile.Selection) string {
	var text strings.Builder
	for _, p := range w.Policies {
		fmt.Fprintf(&text, "%s/%d ", p.UID, p.Generation)
	}
	for _, s := range w.Sinks {
		fmt.Fprintf(&text, "%s/%d ", s.UID, s.Generation)
	}
	for _, s := range selections {
		text.WriteString(string(s) + " ")
	}
	return text.String()
}
