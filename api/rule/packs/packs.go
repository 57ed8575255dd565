// Package packs has the rule sets that come with nodeaudit: well-known demands on audit rules, as rules.
//
// The name of a pack and values that differ between sites come in; its rules go out as text in the language of package rule, with the
// reference and the reason of each, and what the pack is and covers. Whether the paths exist is not its business: that is for each node.
package packs

import (
	"cmp"
	"embed"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

//go:embed *.rules
var files embed.FS

// Names are the packs in the order in which people should look at them.
var Names = []string{"docker", "kubernetes-node", "cis", "stig", "pci-dss", "ospp", "attack", "self-protection", "noise"}

// DefaultUIDMin is the first user id of people where nobody says another.
const DefaultUIDMin = 1000

// Parameters are values that differ between sites.
type Parameters struct {
	// UIDMin is the first user id of people. 0 means DefaultUIDMin.
	UIDMin uint32
}

// Pack is a set of rules. It does not change, and is safe for concurrent use.
type Pack struct {
	// Name is its name in spec.packs, and Version changes with its rules.
	Name, Version string
	// Title says in a few words whose demands it meets, and Covers which of them.
	Title, Covers string
	// Sources are the documents that demand it.
	Sources []string
	// Groups are its rules in order.
	Groups []Group
}

// Group is rules with one reference and one reason.
type Group struct {
	// References are the demands, for example CIS-Docker 1.1.3.
	References []string
	// Reason says in a sentence why.
	Reason string
	// Lines are its rules, with {uidMin} where the parameter belongs.
	Lines []string
}

// Find returns the pack of that name, and false where there is none.
func Find(name string) (Pack, bool) {
	if !slices.Contains(Names, name) {
		return Pack{}, false
	}
	text, err := files.ReadFile(name + ".rules")
	return read(string(text)), err == nil
}

// All returns the packs in the order of Names.
func All() []Pack {
	all := make([]Pack, len(Names))
	for i, name := range Names {
		all[i], _ = Find(name)
	}
	return all
}

// Rules returns the lines of a group as one rule each.
func (g Group) Rules(p Parameters) []string {
	uidMin := strconv.FormatUint(uint64(cmp.Or(p.UIDMin, DefaultUIDMin)), 10)
	var rules []string
	for _, line := range g.Lines {
		rules = append(rules, eachArch(strings.ReplaceAll(line, "{uidMin}", uidMin))...)
	}
	return rules
}

// Text returns the pack as a rules file, which other tools read too unless it has the placeholder rule.Privileged.
func (p Pack) Text(parameters Parameters) string {
	var text strings.Builder
	text.WriteString(p.head())
	for _, g := range p.Groups {
		text.WriteString("\n# [" + strings.Join(g.References, ", ") + "] " + g.Reason + "\n")
		for _, line := range g.Rules(parameters) {
			text.WriteString(line + "\n")
		}
	}
	return text.String()
}

// Parse returns the rules of the pack. Problems, of which there are none, have the lines of Text.
func (p Pack) Parse(parameters Parameters) ([]rule.Rule, []rule.Problem) {
	file, problems := rule.Parse(p.Text(parameters))
	return file.Rules, problems
}
