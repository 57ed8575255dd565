package distribute

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

// reportedRules is the annotation with the digest of the rule set that the agent reported on when its ConfigMap last changed. That set is not
// collected before the agent has reported on the present one.
const reportedRules = "nodeaudit.dev/reported-rules"

// Every object of ours says so in the way that kubectl and GitOps tools understand.
var ownLabels = map[string]string{"app.kubernetes.io/name": "nodeaudit", "app.kubernetes.io/managed-by": "nodeaudit-controller"}

func labelsOf(kind string) map[string]string {
	labels := maps.Clone(ownLabels)
	labels[nodeconfig.KindLabel] = kind
	return labels
}

// nodeMap is the ConfigMap that the node should have. It belongs to the Node object, so that it goes with it even while the controller is
// away.
func nodeMap(namespace string, node observe.Node) (*corev1.ConfigMap, error) {
	config := node.Content.Config
	config.Node = node.Name
	data, err := nodeconfig.Encode(config)
	if err != nil {
		return nil, err
	}
	wanted := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       namespace,
			Name:            nodeconfig.NodePrefix + node.Name,
			Labels:          labelsOf(nodeconfig.KindNode),
			OwnerReferences: []metav1.OwnerReference{owner(node)},
		},
		Data: data,
	}
	if set := reported(node); set != "" {
		wanted.Annotations = map[string]string{reportedRules: set}
	}
	return wanted, nil
}

func owner(node observe.Node) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}
}

// reported is the rule set that the agent is known to have: that of the ConfigMap if it reports on it, otherwise the one noted before.
func reported(node observe.Node) string {
	if node.Report == nil || node.ConfigMap == nil {
		return ""
	}
	if node.Report.ConfigDigest == node.Has.Digest {
		return node.Has.RuleSet
	}
	return node.ConfigMap.Annotations[reportedRules]
}

// intactNode says that the node's ConfigMap is as nodeMap would make it, but for annotations: the digest stands for the document.
func intactNode(node observe.Node) bool {
	m := node.ConfigMap
	return m != nil && node.Has.Digest == node.Desired && len(m.Data) == 2 && len(m.BinaryData) == 0 && m.Immutable == nil &&
		hasLabels(m, nodeconfig.KindNode) && slices.Equal(m.OwnerReferences, []metav1.OwnerReference{owner(node)})
}

// setMap is the ConfigMap of a rule set.
func setMap(namespace, digest string, set nodeconfig.RuleSet) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: nodeconfig.RulesPrefix + digest, Labels: labelsOf(nodeconfig.KindRules)},
		Immutable:  new(true),
		Data:       set.Data(),
	}
}

// intactSet says that the rule set is what its name says. The API server keeps it so while it is immutable.
func intactSet(m *corev1.ConfigMap, digest string) bool {
	if m.Immutable == nil || !*m.Immutable || len(m.BinaryData) > 0 {
		return false
	}
	_, err := nodeconfig.DecodeRuleSet(m.Data, digest)
	return err == nil
}

func hasLabels(m *corev1.ConfigMap, kind string) bool {
	for key, value := range labelsOf(kind) {
		if m.Labels[key] != value {
			return false
		}
	}
	return true
}
