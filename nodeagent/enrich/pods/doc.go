// Package pods watches the pods of one node and names them for package enrich.
//
// Pods come in from the API server, limited to the node; the name, namespace, labels and container of a pod's UID go out, from memory. Only
// what is needed for that is kept. A deleted pod stays known for a while, because its last events may be on their way. While the API server
// is away, what was known stays known. The package never writes to the API server and never waits for it.
package pods
