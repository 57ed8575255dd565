// Package apiaudit tells who, at the API server, had a process started in a container.
//
// The API server's audit log (audit.k8s.io/v1) and events of a node come in; the events go out with Who.Actor where a session of kubectl exec, attach
// or debug can have started the process. What speaks for it is the container, the time, and the command that was asked for; how much of it does is
// the confidence, and where several sessions can be it all are named, and none of them is chosen.
package apiaudit
