package compile

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const linux = "linux"

// selector turns the selector of a policy into a function. An empty one selects every node that is known to run Linux; any other is taken at
// its word, except that a node of another operating system is never selected: no agent runs there.
func selector(spec metav1.LabelSelector) (func(Node) bool, error) {
	matches, err := metav1.LabelSelectorAsSelector(&spec)
	if err != nil {
		return func(Node) bool { return false }, err
	}
	if matches.Empty() {
		return func(node Node) bool { return node.OS == linux }, nil
	}
	return func(node Node) bool {
		return (node.OS == linux || node.OS == "") && matches.Matches(labels.Set(node.Labels))
	}, nil
}
