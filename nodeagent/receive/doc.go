// Package receive reads audit records from the kernel and never waits for those who use them.
//
// The kernel's datagrams come in, batches of event.Record values go out, and counts of what was lost on the way. A Receiver reads the
// multicast group, beside a host's auditd and without disturbing it, or takes the place of the auditd where none runs and Unicast is asked
// for. New opens the socket before the first rule is loaded: what the kernel sends from then on waits there. One goroutine reads, many
// datagrams with one call, into a queue of bounded size; where that is full, records are dropped and counted, because a reader that waits
// would make the kernel wait. A node without events costs nothing: the goroutine sleeps in the runtime's poller. The sockets are for
// records: they ask the kernel nothing but to become, or no longer to be, its auditd.
package receive
