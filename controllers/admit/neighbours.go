package admit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// neighbours are the policies, sinks and nodes among which a policy would be. It is safe for concurrent use.
type neighbours struct {
	client client.Reader

	mu       sync.Mutex
	policies map[types.UID]compiled
}

type compiled struct {
	generation int64
	policy     *compile.Policy
}

// newNeighbours has them watched on every replica. The reconcilers watch them too, but on the leader only.
func newNeighbours(from cache.Cache) (*neighbours, error) {
	node := &metav1.PartialObjectMetadata{}
	node.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	for _, object := range []client.Object{&v1alpha1.AuditPolicy{}, &v1alpha1.AuditSink{}, node} {
		if _, err := from.GetInformer(context.Background(), object, cache.BlockUntilSynced(false)); err != nil {
			return nil, fmt.Errorf("watching %T for the webhook: %w", object, err)
		}
	}
	return &neighbours{client: from, policies: map[types.UID]compiled{}}, nil
}

// remarks says what the policy, which compiles alone, would do among the others: which sinks it misses, and who could not be on one node with
// whom. None of it is refused. Two policies that change together pass through states that conflict, and GitOps may bring a sink after its
// policy.
func (n *neighbours) remarks(ctx context.Context, policy *v1alpha1.AuditPolicy) ([]string, error) {
	var policies v1alpha1.AuditPolicyList
	var sinks v1alpha1.AuditSinkList
	var nodes metav1.PartialObjectMetadataList
	nodes.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NodeList"))
	for _, list := range []client.ObjectList{&policies, &sinks, &nodes} {
		if err := n.client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	others := n.compiled(policies.Items, policy.Name)
	before := verdicts(others, sinks.Items, nodes.Items)
	after := verdicts(append(others, compile.ForPolicy(policy)), sinks.Items, nodes.Items)
	return compare(policy.Name, before, after), nil
}

// compiled returns the policies but for the one of that name.
func (n *neighbours) compiled(policies []v1alpha1.AuditPolicy, except string) []*compile.Policy {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []*compile.Policy
	fresh := make(map[types.UID]compiled, len(policies))
	for i := range policies {
		p := &policies[i]
		known := n.policies[p.UID]
		if known.policy == nil || known.generation != p.Generation {
			known = compiled{p.Generation, compile.ForPolicy(p)}
		}
		fresh[p.UID] = known
		if p.Name != except {
			list = append(list, known.policy)
		}
	}
	n.policies = fresh
	return list
}

// verdicts has the compiler's verdict on each policy, on the nodes as they are.
func verdicts(policies []*compile.Policy, sinks []v1alpha1.AuditSink, nodes []metav1.PartialObjectMetadata) map[string]compile.Verdict {
	fleet := compile.NewFleet(policies, sinks)
	selections := map[compile.Selection]bool{}
	for i := range nodes {
		labels := nodes[i].Labels
		selections[fleet.Select(compile.Node{Name: nodes[i].Name, OS: labels[corev1.LabelOSStable], Labels: labels})] = true
	}
	fleet.Resolve(slices.Sorted(maps.Keys(selections)))
	all := map[string]compile.Verdict{}
	for _, v := range fleet.Verdicts() {
		all[v.Policy] = v
	}
	return all
}

// compare says what is worse after than before, of the policy first.
func compare(policy string, before, after map[string]compile.Verdict) []string {
	var remarks []string
	for _, sink := range after[policy].MissingSinks {
		remarks = append(remarks, fmt.Sprintf("routes: there is no AuditSink %s yet: until there is, its events go to the node's own file", sink))
	}
	if mine := after[policy]; mine.Stalled() {
		remarks = append(remarks, "this policy will be Stalled: "+mine.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if theirs := after[name]; name != policy && theirs.Stalled() && !before[name].Stalled() {
			remarks = append(remarks, fmt.Sprintf("policy %s will be Stalled by this one: %s", name, theirs.Message))
		}
	}
	return remarks
}
