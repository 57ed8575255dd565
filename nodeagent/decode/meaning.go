package decode

// meaning says in words what a number in a field means, or nothing.
func (d *Decoder) meaning(kind uint16, s *scanner) string {
	switch s.key {
	case "cap_pi", "cap_pp", "cap_pe", "cap_pa", "pi", "pp", "pe", "pa", "old_pi", "old_pp", "old_pe", "old_pa", "fp", "fi":
		if kind == typeCapset || kind == typeBPRMFcaps {
			return d.capabilities(s.raw)
		}
	}
	return ""
}
