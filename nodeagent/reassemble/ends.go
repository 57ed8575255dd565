package reassemble

// Numbers of record types, include/uapi/linux/audit.h and audit-records.h of auditd.
const (
	login        = 1006
	lastOfDaemon = 1299 // messages of programs and of auditd itself
	eoe          = 1320
	netfilterPkt = 1324
	proctitle    = 1327
	kernel       = 2000
	firstAnomaly = 2100 // messages of programs
)

// ends says whether no record of the event comes behind one of this type. What programs write is one record, and the kernel writes a packet
// and its own start without a call around them. The command line is the last record of a call but the mark of its end.
func ends(kind uint16) bool {
	switch kind {
	case proctitle, netfilterPkt, kernel:
		return true
	case login: // the kernel's own, whatever its number: the call that wrote to loginuid follows
		return false
	default:
		return kind <= lastOfDaemon || kind >= firstAnomaly
	}
}
