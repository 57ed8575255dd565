// Package apiaudit tells who, at the API server, had a process started in a container.
//
// Sessions of kubectl exec, attach and debug, as the API server's audit events tell of them, and events of a node come in; the events go out with
// Who.Actor where a session can have started the process. What speaks for it is the container, the time, and the command that was asked for; how much of
// it does is the confidence, and where several sessions can be it all are named, and none of them is chosen.
package apiaudit
