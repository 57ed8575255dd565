package boot

import "time"

// Beginning is what is known of how recording began in the running boot. Who has the records and the kernel's status fills it in.
type Beginning struct {
	Audit        Audit     // of the running command line
	FirstRecord  time.Time // of the earliest record that is kept of this boot; zero if none is known
	FirstService time.Time // when the first service, or the first process that matters, was started; zero if not known
	Lost         uint32    // records that the kernel lost before somebody read them
}

// Coverage says from when on a boot is recorded.
type Coverage string

// The values of Coverage.
const (
	FromTheStart Coverage = "from-the-start" // records begin before the first service, and none was lost
	WithGaps     Coverage = "with-gaps"      // they begin in time, but the backlog was too small
	TooLate      Coverage = "too-late"       // the first service was started before the first record, or without audit=1
	NotKnown     Coverage = "unknown"        // a time is missing
)

// Coverage judges the beginning of a boot. Without audit=1 processes that were started early have no audit context, so records that begin
// early do not help.
func (b Beginning) Coverage() Coverage {
	switch {
	case b.Audit == Off:
		return TooLate
	case b.Audit != On || b.FirstRecord.IsZero() || b.FirstService.IsZero():
		return NotKnown
	case b.FirstRecord.After(b.FirstService):
		return TooLate
	case b.Lost > 0:
		return WithGaps
	default:
		return FromTheStart
	}
}
