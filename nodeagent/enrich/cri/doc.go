// Package cri names pods and containers by the node's container runtime.
//
// The API server is asked first. The runtime knows what the API server does not tell: which container has an id, in the second before the kubelet has
// said so, and every pod while the API server is away or has forgotten it. Container ids come in, names go out, from memory; a goroutine asks the
// runtime for its lists when an id is not known. Nothing else is asked of the runtime, and nothing is ever changed in it.
package cri
