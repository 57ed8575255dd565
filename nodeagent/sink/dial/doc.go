// Package dial makes connections of the sinks: TLS as people asked for it, and errors as people can use them.
//
// Certificates and names come in, configurations, connections and words go out. It keeps nothing, and verifies certificates unless it is told
// in so many words not to.
package dial
