// Package envtest holds no code, only tests of the controller against a real kube-apiserver and etcd.
//
// Objects go in as people and agents would write them, and the tests assert the state of the world that the controller makes of it, with the
// rights of its own account and no more. The tests play the agents; no kubelet, no pod and no kernel takes part.
package envtest
