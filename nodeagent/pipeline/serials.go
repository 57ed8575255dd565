package pipeline

import "slices"

// serials knows which serials have come, as far as it matters: an event may come in two parts, and it may come late.
type serials struct {
	started bool
	highest uint32
	holes   []span // below highest, in their order: what has not come
}

// span is the serials from first to last.
type span struct{ first, last uint32 }

// maxHoles is how many holes are remembered. What comes in an older one is taken for a part of an event that came.
const maxHoles = 1024

// behind says how far a serial is behind another one. Serials start again after their end.
func behind(serial, other uint32) int32 { return int32(serial - other) }

// come says whether it is the first time that an event with this serial comes.
func (s *serials) come(serial uint32) bool {
	switch distance := behind(serial, s.highest); {
	case serial == 0: // not one of the kernel's
		return false
	case !s.started:
		s.started, s.highest = true, serial
		return true
	case distance <= 0:
		return s.fill(serial)
	case distance > 1:
		s.holes = append(s.holes, span{s.highest + 1, serial - 1})
		if len(s.holes) > maxHoles {
			s.holes = slices.Delete(s.holes, 0, len(s.holes)-maxHoles)
		}
	}
	s.highest = serial
	return true
}

// fill takes a serial out of the hole that it was missing in.
func (s *serials) fill(serial uint32) bool {
	for i, hole := range slices.Backward(s.holes) {
		if behind(serial, hole.first) < 0 {
			continue
		}
		if behind(serial, hole.last) > 0 {
			return false
		}
		var rest []span
		if hole.first != serial {
			rest = append(rest, span{hole.first, serial - 1})
		}
		if hole.last != serial {
			rest = append(rest, span{serial + 1, hole.last})
		}
		s.holes = slices.Replace(s.holes, i, i+1, rest...)
		return true
	}
	return false
}
