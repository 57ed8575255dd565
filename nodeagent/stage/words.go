package stage

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

const head = "## Of nodeaudit: what the next boot loads. It is removed when no policy asks for it; changes by hand are written over.\n"

// lockLine is the last line where the boot is to lock.
const lockLine = "-e 2\n"

// words is the text for a place, and what else is to be told.
func (s *Stager) words(place Place, set Set) (text string, message []string) {
	own := foreignFiles{}
	var b strings.Builder
	b.WriteString(head)
	if place == RulesD {
		own = s.foreignFiles()
		b.WriteString("## -c: a rule that the kernel does not take, for example because its path is not there, keeps no other from being loaded.\n-c\n")
		message = own.remarks(set)
	} else if file := s.loadsFile(); file != "" {
		message = s.remarksOnFile(file)
	}
	for _, one := range []struct {
		flag  string
		value *uint32
	}{{"-b", set.BacklogLimit}, {"-f", set.Failure}, {"-r", set.RateLimit}} {
		if one.value != nil {
			b.WriteString(one.flag + " " + strconv.FormatUint(uint64(*one.value), 10) + "\n")
		}
	}
	var unsaid []string
	for _, r := range set.Rules {
		lines, ok := s.lines(r)
		if !ok {
			unsaid = append(unsaid, fmt.Sprintf("%x", string(r.Wire)))
		}
		for _, l := range lines {
			if !own.has[l.wire] {
				b.WriteString(l.text + "\n")
			}
		}
	}
	if len(unsaid) > 0 {
		message = append(message, fmt.Sprintf("%d rules cannot be said in words that mean the same, and are left out", len(unsaid)))
	}
	// augenrules takes the last -e of all files, and puts it behind all rules. One of the host's own is enough.
	if set.Lock && (place != RulesD || !own.locks) {
		b.WriteString(lockLine)
	}
	return b.String(), message
}

type line struct {
	text string
	wire rule.Wire
}

// readable is how long the words of a rule may be. What the optimiser makes of a watch names two thousand system calls by their numbers, which
// auditctl does not read and nobody else wants to.
const readable = 1024

// lines are the words for a rule: its own where they are short and mean exactly its bytes, else those of the rules whose work it does.
func (s *Stager) lines(r Rule) ([]line, bool) {
	own, ok := s.exact(r.Wire)
	if ok && len(own.text) <= readable {
		return []line{own}, true
	}
	var all []line
	for _, w := range r.Written {
		l, ok := s.exact(w)
		if !ok {
			return all, false
		}
		all = append(all, l)
	}
	return all, len(all) > 0
}

// exact are words that are read as these bytes on this host.
func (s *Stager) exact(w rule.Wire) (line, bool) {
	r, err := rule.Decode(w)
	if err != nil {
		return line{}, false
	}
	file, _ := rule.Parse(r.String())
	if len(file.Rules) != 1 {
		return line{}, false
	}
	back, err := file.Rules[0].Encode(s.Rules)
	return line{r.String(), w}, err == nil && back.Canonical() == w
}

// foreignFiles are the host's own files of rules.d.
type foreignFiles struct {
	has map[rule.Wire]bool
	// locks says that the last -e among them is 2.
	locks bool
	// early are places where a lock comes before the rules of later files, and opens those of a later -e that is none.
	early, opens []string
}

func (s *Stager) foreignFiles() foreignFiles {
	own := foreignFiles{has: map[rule.Wire]bool{}}
	for _, name := range s.rulesFiles() {
		path := rulesDir + "/" + name
		if path == rulesFile {
			continue
		}
		text, err := s.read(path)
		if err != nil {
			continue
		}
		before := byVersion(name, rulesFile[len(rulesDir)+1:]) < 0
		own.read(path, text, before)
		file, _ := rule.Parse(text)
		for _, r := range file.Rules {
			if w, err := r.Encode(s.Rules); err == nil {
				own.has[w.Canonical()] = true
			}
		}
	}
	return own
}

// read looks at the control lines as the awk program in augenrules does: a line that begins with -e goes to the end, the last one of them
// counts; -D, -b and -f go to the beginning; all others stay where they are.
func (f *foreignFiles) read(path, text string, before bool) {
	for number, whole := range strings.Split(text, "\n") {
		words := strings.Fields(whole)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		where := fmt.Sprintf("%s:%d", path, number+1)
		value, begins := enables(words)
		switch {
		case value == "":
		case begins && whole[0] == '-':
			f.locks = value == "2"
			if !before && value != "2" {
				f.opens = append(f.opens, where)
			}
		case value == "2" && (before || strings.HasPrefix(words[0], "-b") || strings.HasPrefix(words[0], "-f")):
			f.early = append(f.early, where)
		}
	}
}

// enables returns the value of the line's -e, and whether it begins with that. A rule has none.
func enables(words []string) (value string, begins bool) {
	for i, w := range words {
		switch {
		case w == "-a" || w == "-A" || w == "-w" || w == "-d" || w == "-W":
			return "", false
		case w == "-e" && i+1 < len(words):
			return words[i+1], i == 0
		case strings.HasPrefix(w, "-e") && len(w) > 2:
			return w[2:], i == 0
		}
	}
	return "", false
}

// remarks say what of the host's own files will be in the way.
func (f foreignFiles) remarks(set Set) []string {
	var all []string
	if len(f.early) > 0 {
		all = append(all, f.early[0]+": this -e 2 is not at the beginning of its line, so it may lock the audit system before our rules are in: write it on a line of its own")
	}
	if set.Lock && len(f.opens) > 0 {
		all = append(all, f.opens[0]+": this -e comes after ours, so that the boot does not lock; the agent does when it starts")
	}
	if set.Alone && len(f.has) > 0 {
		all = append(all, fmt.Sprintf("%d rules of the host's own files in %s will be loaded too, and locked in: no policy declares them (unmanagedRules: Remove), delete them there", len(f.has), rulesDir))
	}
	return all
}

// remarksOnFile looks at a file that the host loads before our unit.
func (s *Stager) remarksOnFile(path string) []string {
	text, err := s.read(path)
	if err != nil {
		return nil
	}
	for number, whole := range strings.Split(text, "\n") {
		if value, _ := enables(strings.Fields(whole)); value == "2" && !strings.HasPrefix(strings.TrimSpace(whole), "#") {
			return []string{fmt.Sprintf("%s:%d locks the audit system before our rules are in: remove this -e 2", path, number+1)}
		}
	}
	return nil
}
