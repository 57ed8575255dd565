package lint

// repeated finds rules that are exactly like an earlier one.
func (s *set) repeated() {
	first := map[string]int{}
	for i := range s.entries {
		r := s.entries[i].rule
		line, seen := first[r.String()]
		if !seen {
			first[r.String()] = r.Line()
			continue
		}
		if line != r.Line() {
			s.tellOf(duplicate, r, line, "remove one, the kernel takes it once", "the same rule as in line %d", line)
		}
	}
}
