package stage

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// Place is where a boot finds rules.
type Place string

// The places.
const (
	RulesD Place = "rules.d" // the host's augenrules loads it
	Unit   Place = "unit"    // a systemd unit of ours loads it
)

const (
	rulesDir = "/etc/audit/rules.d"
	// rulesFile is behind those of others, Debian's audit.rules with its -b included: of settings the last one wins. A lock in any file comes
	// behind all rules, see foreignFiles.
	rulesFile = rulesDir + "/zz-nodeaudit.rules"
	unitDir   = "/etc/systemd/system"
	unitName  = "nodeaudit-rules.service"
	unitFile  = unitDir + "/" + unitName
	unitLink  = unitDir + "/sysinit.target.wants/" + unitName
)

// auditUnits are those with which the host loads rules, by where audit 4 and audit 3 have it.
var auditUnits = []string{"audit-rules.service", "auditd.service"}

var unitDirs = []string{unitDir, "/usr/lib/systemd/system", "/lib/systemd/system"}

// file is what the boot reads.
func (s *Stager) file(place Place) string {
	if place == RulesD {
		return rulesFile
	}
	return filepath.Join(s.StateDir, stagedName)
}

// place chooses, or says why there is none.
func (s *Stager) place() (Place, string) {
	switch {
	case s.augenrules():
		return RulesD, ""
	case !s.has("/run/systemd/system") && !s.has("/usr/lib/systemd/systemd") && !s.has("/lib/systemd/systemd"):
		return "", "the host has no systemd, and no auditd that loads " + rulesDir
	default:
		return Unit, ""
	}
}

// augenrules says whether an enabled unit of the host loads rules.d.
func (s *Stager) augenrules() bool {
	return s.has(rulesDir) && slices.ContainsFunc(auditUnits, func(name string) bool {
		return s.enabled(name) && slices.ContainsFunc(starts(s.unit(name)), func(line string) bool { return strings.Contains(line, "augenrules --load") })
	})
}

// loadsFile says whether an enabled unit of the host loads a file of rules past augenrules, and which.
func (s *Stager) loadsFile() string {
	for _, name := range auditUnits {
		for _, line := range starts(s.unit(name)) {
			if _, file, is := strings.Cut(line, "auditctl -R "); is && s.enabled(name) && strings.TrimSpace(file) != "" {
				return strings.Fields(file)[0]
			}
		}
	}
	return ""
}

// starts are the commands with which a unit starts.
func starts(unit string) []string {
	var lines []string
	for line := range strings.Lines(unit) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "ExecStart") {
			lines = append(lines, line)
		}
	}
	return lines
}

// unit is the text of a unit as the host's systemd sees it; that of the administrator comes first. Empty for none, and for a masked one.
func (s *Stager) unit(name string) string {
	for _, dir := range unitDirs {
		path := filepath.Join(dir, name)
		if target, err := os.Readlink(filepath.Join(s.Root, path)); err == nil && target == "/dev/null" {
			return ""
		}
		if text, err := s.read(path); err == nil {
			return text
		}
	}
	return ""
}

// enabled says whether some target wants the unit.
func (s *Stager) enabled(name string) bool {
	for _, dir := range unitDirs {
		for _, kind := range []string{"wants", "requires"} {
			if found, _ := filepath.Glob(filepath.Join(s.Root, dir, "*."+kind, name)); len(found) > 0 {
				return true
			}
		}
	}
	return false
}

func (s *Stager) read(path string) (string, error) {
	inside, err := securejoin.SecureJoin(s.Root, path)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(inside)
	return string(text), err
}

func (s *Stager) has(path string) bool {
	inside, err := securejoin.SecureJoin(s.Root, path)
	if err != nil {
		return false
	}
	_, err = os.Lstat(inside)
	return err == nil
}

// rulesFiles are the names of the host's own files, in the order of augenrules: ls -1v.
func (s *Stager) rulesFiles() []string {
	inside, err := securejoin.SecureJoin(s.Root, rulesDir)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir(inside)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".rules") && !strings.HasPrefix(name, ".") && e.Type()&fs.ModeDir == 0 {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, byVersion)
	return names
}
