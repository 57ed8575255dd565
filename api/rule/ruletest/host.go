package ruletest

// Host is a host on which every path of Directories is a directory, for encoding rules of tests.
type Host struct {
	// On is its machine.
	On Machine
	// Directories are the paths that are directories.
	Directories map[string]bool
}

// IsDir says whether the path is one of Directories.
func (h Host) IsDir(path string) bool { return h.Directories[path] }

// UserID knows some users.
func (Host) UserID(name string) (uint32, bool) {
	id, known := map[string]uint32{
		"root": 0, "daemon": 1, "bin": 2, "sys": 3, "games": 5, "man": 6, "mail": 8, "www-data": 33, "backup": 34, "list": 38, "_apt": 42, "nobody": 65534,
	}[name]
	return id, known
}

// GroupID knows some groups.
func (Host) GroupID(name string) (uint32, bool) {
	id, known := map[string]uint32{"root": 0, "daemon": 1, "adm": 4, "shadow": 42, "nogroup": 65534}[name]
	return id, known
}

// Machine is the name of On.
func (h Host) Machine() string { return h.On.Name }
