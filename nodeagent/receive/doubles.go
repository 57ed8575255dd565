package receive

import (
	"hash/maphash"
	"time"
)

// settled is how long after a switch the same record may still come by both sockets.
const settled = 2 * time.Second

// doubles tells which records came by the other socket already, while both may get the same ones.
type doubles struct {
	seed  maphash.Seed
	seen  map[uint64]int // by text: copies from the group, less those sent to the auditd
	until time.Time      // zero while the switch is going on
	// What came before the switch began, from first to last, is not in seen. The kernel may have kept it for an auditd to come.
	taking      bool
	known       bool
	first, last uint32
}

// begin starts to look for doubles. taking is whether this process becomes the auditd.
func (r *Receiver) begin(taking bool) {
	if r.doubles != nil {
		r.doubles.taking, r.doubles.until = taking, time.Time{}
		return
	}
	r.doubles = &doubles{
		seed: maphash.MakeSeed(), seen: map[uint64]int{}, taking: taking, known: r.started, first: r.first, last: r.last,
	}
}

// isNew says whether a record has not come by the other socket.
func (r *Receiver) isNew(s *socket, kind uint16, serial uint32, text []byte) bool {
	d := r.doubles
	if d == nil {
		return true
	}
	if !d.until.IsZero() && time.Now().After(d.until) {
		r.doubles = nil
		return true
	}
	toAuditd := s == r.auditd
	if !d.second(toAuditd, kind, text) {
		return !toAuditd || !d.old(serial)
	}
	if d.taking && d.until.IsZero() {
		r.alone()
	}
	return false
}

// second says whether this is the second copy of a record, and remembers the first.
func (d *doubles) second(toAuditd bool, kind uint16, text []byte) bool {
	key := maphash.Bytes(d.seed, text) + uint64(kind)
	change := 1
	if toAuditd {
		change = -1
	}
	before := d.seen[key]
	if before+change == 0 {
		delete(d.seen, key)
	} else {
		d.seen[key] = before + change
	}
	return before*change < 0
}

// old says whether a record that was sent to the auditd came from the group before the switch began.
func (d *doubles) old(serial uint32) bool {
	return d.taking && d.known && d.until.IsZero() && int32(serial-d.first) >= 0 && int32(serial-d.last) <= 0
}

// alone leaves the group when the first record has come by both ways: all that the kernel sends from here on comes to the auditd.
func (r *Receiver) alone() {
	r.doubles.until = time.Now().Add(settled)
	if r.group == nil {
		return
	}
	if err := r.group.leave(); err != nil {
		r.log.Warn("leaving the audit multicast group", "err", err)
		r.doubles.until = time.Time{}
	}
}
