package packs

import "strings"

// read takes the text of a pack apart. Its head is lines `# name: value`; then each group begins with `# [references] reason`.
func read(text string) Pack {
	var p Pack
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		remark, isRemark := strings.CutPrefix(line, "# ")
		references, reason, begins := strings.Cut(strings.TrimPrefix(remark, "["), "] ")
		switch {
		case line == "":
		case isRemark && begins && remark[0] == '[':
			p.Groups = append(p.Groups, Group{References: strings.Split(references, ", "), Reason: reason})
		case isRemark:
			p.readHead(remark)
		case len(p.Groups) > 0:
			last := &p.Groups[len(p.Groups)-1]
			last.Lines = append(last.Lines, line)
		}
	}
	return p
}

func (p *Pack) readHead(line string) {
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case "pack":
		p.Name = value
	case "version":
		p.Version = value
	case "title":
		p.Title = value
	case "covers":
		p.Covers = value
	case "source":
		p.Sources = append(p.Sources, value)
	}
}

// head is the beginning of a pack as read reads it.
func (p Pack) head() string {
	lines := []string{"pack: " + p.Name, "version: " + p.Version, "title: " + p.Title, "covers: " + p.Covers}
	for _, source := range p.Sources {
		lines = append(lines, "source: "+source)
	}
	return "# " + strings.Join(lines, "\n# ") + "\n"
}
