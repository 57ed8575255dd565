package boot

import (
	"path"
	"slices"
	"strings"
)

// snippet is an entry of the Boot Loader Specification, type 1: a file with a key and a value a line.
type snippet struct {
	file, id                string
	title, version, sortKey string
	linux, efi, uki         string
	options                 string
	hasOptions, triesUsedUp bool
}

// parseSnippet reads the text of an entry. Several lines of options are joined; of other keys the last counts.
func parseSnippet(file string, text []byte) snippet {
	s := snippet{file: file, id: strings.TrimSuffix(path.Base(file), ".conf")}
	s.id, s.triesUsedUp = withoutTries(s.id)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if i := strings.IndexByte(key, '\t'); i >= 0 {
			key, value = key[:i], key[i:]+" "+value
		}
		value = strings.TrimSpace(value)
		switch key {
		case "title":
			s.title = value
		case "version":
			s.version = value
		case "sort-key":
			s.sortKey = value
		case "linux":
			s.linux = value
		case "efi":
			s.efi = value
		case "uki":
			s.uki = value
		case "options":
			s.options = strings.TrimSpace(s.options + " " + value)
			s.hasOptions = true
		}
	}
	return s
}

// withoutTries removes the counter of automatic boot assessment: +LEFT or +LEFT-DONE at the end of the name.
func withoutTries(id string) (string, bool) {
	i := strings.LastIndexByte(id, '+')
	if i < 0 {
		return id, false
	}
	left, done, _ := strings.Cut(id[i+1:], "-")
	if left == "" || strings.Trim(left+done, "0123456789") != "" {
		return id, false
	}
	return id[:i], strings.Trim(left, "0") == ""
}

// snippets reads the entries of a directory, the newest first.
func snippets(root FS, dir string) ([]snippet, error) {
	files, err := root.glob(dir, "*.conf")
	if err != nil {
		return nil, err
	}
	var all []snippet
	for _, file := range files {
		text, err := root.read(file)
		if err != nil {
			return nil, err
		}
		all = append(all, parseSnippet(file, text))
	}
	return all, nil
}

// newestFirst sorts as GRUB's blscfg does: by the name of the file, in which it finds the version.
func newestFirst(all []snippet) {
	slices.SortStableFunc(all, func(a, b snippet) int { return compareVersions(b.id, a.id) })
}

func (s snippet) name() string {
	switch {
	case s.title == "":
		return s.id
	case s.version == "" || strings.Contains(s.title, s.version):
		return s.title
	default:
		return s.title + " (" + s.version + ")"
	}
}
