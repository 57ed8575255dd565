// Package enrich names the pod and the container behind an event.
//
// An *event.Event comes in with the ids of its process and of the parent, and goes out with Who filled. The control group of the process
// tells the pod's UID and the container's id; Pods, where there is one, tells their names. Who also says how sure it is: a process that is
// gone when its event arrives is looked up in memory, then by its parent. The package never waits and asks nobody over the network, and
// where something is not known it leaves it empty rather than guess.
package enrich
