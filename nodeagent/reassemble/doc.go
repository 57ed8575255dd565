// Package reassemble puts the records of one event together again. The kernel sends them one by one, those of several events mixed.
//
// event.Record values go in, event.Group values come out, in the order of their serials as far as the records allow. A group is complete
// when the kernel marks its end, when its type has no companions, or after Timeout. A record without a readable header becomes a group of
// its own: nothing is thrown away. The package keeps no goroutine and no timer; its caller asks Deadline when to call Expire. Of a log that
// is read later, the times in it tell what has waited long enough.
package reassemble
