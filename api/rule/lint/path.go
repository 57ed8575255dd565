package lint

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// paths finds paths that are something else than the rule takes them for.
func (s *set) paths() {
	above := newHost(nil, s.rules()).above
	for i := range s.entries {
		e := &s.entries[i]
		if _, open := e.rule.Placeholder(); open || !e.known {
			continue
		}
		for _, f := range e.parts.Fields {
			switch {
			case f.Field != fieldPath && f.Field != fieldDir && f.Field != fieldExe:
			case s.Files != nil:
				s.onDisk(e, f)
			case f.Field == fieldPath && !e.isWatch() && (above[f.Text] || strings.HasSuffix(f.Text, ".d")):
				s.tell(watchShouldBeDir, e.rule, "if it is, write dir="+f.Text, "%s looks like a directory, and path= does not see the files in it", f.Text)
			}
		}
	}
}

func (s *set) rules() []rule.Rule {
	rules := make([]rule.Rule, len(s.entries))
	for i, e := range s.entries {
		rules[i] = e.rule
	}
	return rules
}

// onDisk compares a field with what its path leads to.
func (s *set) onDisk(e *entry, f rule.Part) {
	kind, target := s.Files.Look(f.Text)
	switch {
	case kind == Symlink:
		s.tell(symlinkWatch, e.rule, "write "+target, "%s is a symbolic link, and what happens to %s is not seen", f.Text, target)
	case kind == Missing && f.Field == fieldDir:
		s.tell(missingPath, e.rule, "nothing needs to be done if it comes later, or on other nodes", "directory %s is not there, so the rule waits for it", f.Text)
	case kind == Missing:
		s.tell(missingPath, e.rule, "nothing needs to be done if it comes later, or on other nodes", "%s is not there", f.Text)
	case kind == Directory && f.Field == fieldPath:
		s.tell(watchShouldBeDir, e.rule, "write dir="+f.Text, "%s is a directory, and path= does not see the files in it", f.Text)
	case kind == Other && f.Field == fieldDir:
		s.tell(watchShouldBeDir, e.rule, "write path="+f.Text, "%s is no directory, and dir= takes one", f.Text)
	}
}

// executables finds exe=, which names one file of the node.
func (s *set) executables() {
	for i := range s.entries {
		if e := &s.entries[i]; e.known {
			if exe := e.field(fieldExe); exe != nil {
				s.tell(exeAcrossImages, e.rule, "", "%s is the file on the node: the same program in a container image is another one", exe.Text)
			}
		}
	}
}

// keyless finds rules whose events bear no key.
func (s *set) keyless() {
	for i := range s.entries {
		e := &s.entries[i]
		records := e.parts.List == listExit || e.parts.List == listURing
		if e.known && records && !e.parts.Never && len(e.rule.Keys()) == 0 {
			s.tell(noKey, e.rule, "add -k and a word", "its events bear no key by which to find or route them")
		}
	}
}
