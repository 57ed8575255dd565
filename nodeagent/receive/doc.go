// Package receive reads audit records from the kernel's multicast group, beside a host's auditd and without disturbing it.
//
// The kernel's datagrams come in, event.Record values go out, each copied out of the read buffer. Open comes before the first rule is
// loaded: what the kernel sends from then on waits in the socket. Receive sleeps in the runtime's poller until there is something, so an
// idle node costs nothing. The socket is for records only: it never asks the kernel anything, because an answer could hide a record.
package receive
