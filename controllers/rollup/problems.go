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
	return group(views, func(v view) (reason, message string) {
		if v.state == v1alpha1.NodeInSync {
			return "", ""
		}
		return cmp.Or(v.reason, string(v.state)), cmp.Or(v.message, "no further word from the node")
	})
}

// notices groups the nodes of which a person should know something, in sync or not.
func notices(views []view) []v1alpha1.Problem {
	return group(views, func(v view) (reason, message string) {
		if v.rebooted == "" {
			return "", ""
		}
		return v1alpha1.ReasonUnexpectedReboot, v.rebooted
	})
}

// group joins nodes with the same reason. Those with none are left out.
func group(views []view, of func(view) (reason, message string)) []v1alpha1.Problem {
	var list []v1alpha1.Problem
	at := map[string]int{}
	for _, v := range views {
		reason, message := of(v)
		if reason == "" {
			continue
		}
		i, known := at[reason]
		if !known {
			i = len(list)
			at[reason] = i
			list = append(list, v1alpha1.Problem{Reason: reason, Message: message})
		}
		list[i].Count++
		if len(list[i].Nodes) < maxNodes {
			list[i].Nodes = append(list[i].Nodes, v.name)
		}
	}
	slices.SortStableFunc(list, func(a, b v1alpha1.Problem) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return bounded(list)
}

func bounded(list []v1alpha1.Problem) []v1alpha1.Problem { return list[:min(len(list), maxProblems)] }
