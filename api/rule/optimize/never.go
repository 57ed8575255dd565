package optimize

import "slices"

// hasten puts never rules first where that changes nothing: what they keep quiet is then found to be quiet at once, and is often what happens
// most. A rule comes to the very front or stays, so that a new rule elsewhere does not move it a little, which would open a gap each time.
func (s *set) hasten() {
	front := 0
	for n, i := range s.items {
		if n > front && i.plain() && i.parts.Never && !i.inode && !i.contradicts() && all(s.items[front:n], i.passable) {
			s.items = slices.Insert(slices.Delete(s.items, n, n+1), front, i)
		}
		if i.parts.Never && s.items[front] == i {
			front++
		}
	}
}
