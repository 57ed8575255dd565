package enrich

import "strings"

// unit is where systemd has a process of the host.
type unit struct {
	name, slice, session string
}

// unitOf reads the path of a control group in the hierarchy that systemd keeps: slices, and in the last of them the unit. What a unit has below
// itself, such as the units of a user's own systemd, is its own affair.
func unitOf(path string) unit {
	var found unit
	for part := range strings.SplitSeq(strings.TrimSuffix(path, " (deleted)"), "/") {
		// systemd puts an underscore before a name that the kernel could take for one of its files.
		part = strings.TrimPrefix(part, "_")
		switch {
		case strings.HasSuffix(part, ".slice"):
			found.slice = part
		case isUnit(part):
			found.name, found.session = part, sessionOf(part)
			return found
		case part != "" && part != "..":
			return unit{}
		}
	}
	return unit{}
}

// isUnit knows the kinds of units that have processes.
func isUnit(part string) bool {
	for _, kind := range []string{".service", ".scope", ".socket", ".mount", ".swap"} {
		if len(part) > len(kind) && strings.HasSuffix(part, kind) {
			return true
		}
	}
	return false
}

// sessionOf returns the login session of a scope that systemd-logind made.
func sessionOf(scope string) string {
	name, ok := strings.CutPrefix(scope, "session-")
	if !ok {
		return ""
	}
	session, ok := strings.CutSuffix(name, ".scope")
	if !ok {
		return ""
	}
	return session
}
