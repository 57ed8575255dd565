package main

import (
	"fmt"
	"slices"
)

// A spec says what one image holds.
type spec struct {
	name    string
	program string // the Go package
	beside  string // another one, whose program lies beside it
	user    string // of the process, as uid:gid
	title   string
	only    bool // made only where it is asked for by name
}

var specs = []spec{
	{name: "controller", program: "./cmd/controller", user: "65532:65532", title: "nodeaudit controller: makes audit policies into every node's configuration"},
	// Root, because the kernel gives the audit capabilities to nobody else; which it keeps says the chart.
	{name: "nodeagent", program: "./cmd/nodeagent", beside: "./cmd/earlyrules", user: "0:0", title: "nodeaudit agent: makes a node's audit rules match its policies"},
	{name: "demo", program: "./hack/demo/workload", user: "0:0", title: "nodeaudit demo: a pod that touches a watched file", only: true},
	{name: "pause", program: "./hack/cluster/pause", user: "65532:65532", title: "holds a pod's namespaces open in nodeaudit's local cluster", only: true},
}

func choose(names []string) ([]spec, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(specs), func(s spec) bool { return s.only }), nil
	}
	var chosen []spec
	for _, name := range names {
		i := slices.IndexFunc(specs, func(s spec) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no image is called %q", name)
		}
		chosen = append(chosen, specs[i])
	}
	return chosen, nil
}
