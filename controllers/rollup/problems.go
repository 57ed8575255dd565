package rollup

import (
	"cmp"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Bounds of the schema.
const (
	maxProblems = 20
	maxNodes    = 10
)

// problems groups the nodes that are not in sync by their reason, the most frequent first. views are ordered by name.
func problems(views []view) []v1alpha1.Problem {
	var list []v1alpha1.Problem
	at := map[string]int{}
	for _, v := range views {
		if v.state == v1alpha1.NodeInSync {
			continue
		}
		reason := cmp.Or(v.reason, string(v.state))
		i, known := at[reason]
		if !known {
			i = len(list)
			at[reason] = i
			list = append(list, v1alpha1.Problem{Reason: reason, Message: cmp.Or(v.message, "no further word from the node")})
		}
		list[i].Count++
		if len(list[i].Nodes) < maxNodes {
			list[i].Nodes = append(list[i].Nodes, v.name)
		}
	}
	slices.SortStableFunc(list, func(a, b v1alpha1.Problem) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return list[:min(len(list), maxProblems)]
}
