package grub

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

const signature = "# GRUB Environment Block\n"

// Environment returns the variables of an environment block (grubenv). In a value a backslash stands before a newline or another backslash.
// A text without the signature has none: GRUB refuses it.
func Environment(block []byte) map[string]string {
	rest, ok := strings.CutPrefix(string(block), signature)
	if !ok {
		return nil
	}
	all := map[string]string{}
	for rest != "" {
		var line string
		line, rest = environmentLine(rest)
		name, value, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") && !strings.ContainsAny(value, anything+oneWord) {
			all[name] = value
		}
	}
	return all
}

func environmentLine(text string) (line, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '\n':
			return b.String(), text[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func contains(names []string, name string) bool { return slices.Contains(names, name) }
