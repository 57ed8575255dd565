package receive

import (
	"hash/maphash"
	"time"
)

const (
	// both is how long both sockets are read after the first record that came by both. Before what happens now, the kernel sends its new auditd
	// what it could not send to an earlier one, and that came from the group long ago.
	both = time.Second
	// settled is how long after a switch a record that came from the group may still come to the auditd.
	settled = 2 * time.Second
)

// doubles tells which records came from the group already, while both sockets may get the same ones.
//
// The kernel sends each record to the group first and then to its auditd. So the group's socket is emptied before what was read from the other
// one is judged (see empty): then whatever the group has had of it is known, however late this process gets its turn.
type doubles struct {
	seed maphash.Seed
	seen map[uint64]int // by text: copies from the group, less those sent to the auditd
	// What came before the switch began, from first to highest, is not in seen. The kernel may have kept it for an auditd to come.
	taking         bool
	known          bool
	first, highest uint32
	alone          time.Time // when to leave the group
	until          time.Time // when to forget; zero while the switch is going on
}

// begin starts to look for doubles. taking is whether this process becomes the auditd.
func (r *Receiver) begin(taking bool) {
	if r.group != nil {
		r.exhaust(r.group)
	}
	if r.doubles == nil {
		r.doubles = &doubles{seed: maphash.MakeSeed(), seen: map[uint64]int{}}
	}
	d := r.doubles
	d.taking, d.until, d.alone = taking, time.Time{}, time.Time{}
	d.known, d.first, d.highest = r.started, r.first, r.highest
}

// cover notes that the auditd's socket gets everything from here on.
func (r *Receiver) cover() {
	r.uncover()
	r.covered = r.auditd != nil
}

// uncover is before the auditd's socket may miss something.
func (r *Receiver) uncover() {
	if r.group != nil {
		r.exhaust(r.group)
	}
	r.covered = false
}

// isNew says whether a record has not come by the other socket.
func (r *Receiver) isNew(s *socket, kind uint16, serial uint32, text []byte) bool {
	d := r.doubles
	if d == nil {
		return true
	}
	key := maphash.Bytes(d.seed, text) + uint64(kind)
	if s != r.auditd {
		d.seen[key]++
		return true
	}
	if d.seen[key] == 0 {
		return !d.old(serial)
	}
	if d.seen[key]--; d.seen[key] == 0 {
		delete(d.seen, key)
	}
	if d.taking && d.alone.IsZero() {
		d.alone = time.Now().Add(both)
	}
	return false
}

// old says whether a record that is sent to the auditd alone came from the group before the switch began. As long as the group is read too,
// nothing that happens now comes to the auditd alone.
func (d *doubles) old(serial uint32) bool {
	return d.taking && d.known && d.until.IsZero() && !before(serial, d.first) && !before(d.highest, serial)
}

// before compares serials, of which 0 follows the last.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// settle ends a switch step by step. It is called when both sockets have been emptied, with the time before that.
func (r *Receiver) settle(now time.Time) {
	d := r.doubles
	switch {
	case d == nil:
	case !d.until.IsZero() && now.After(d.until):
		r.doubles = nil
	case !d.alone.IsZero() && now.After(d.alone) && d.until.IsZero():
		r.leaveGroup(now)
	}
}

// leaveGroup is for the auditd: all that the kernel sends from here on comes to it.
func (r *Receiver) leaveGroup(now time.Time) {
	if r.group != nil {
		if err := r.group.leave(); err != nil {
			r.log.Warn("leaving the audit multicast group", "err", err)
			r.doubles.alone = now.Add(both)
			return
		}
	}
	r.doubles.until = now.Add(settled)
}
