package rule

import (
	"slices"
	"strings"
)

// Privileged is the placeholder for each program on the node that runs with more rights than its caller: with the setuid or setgid bit, or
// with capabilities of its file. It stands in `-F path=@privileged` only.
const Privileged = "@privileged"

var placeholders = []string{Privileged}

// PlaceholderError says that a rule cannot be encoded because it stands for several: WithPath makes each of them.
type PlaceholderError struct {
	// Name is the placeholder, for example @privileged.
	Name string
}

// Error returns a sentence such as `@privileged stands for paths that only the node knows`.
func (e *PlaceholderError) Error() string {
	return e.Name + " stands for paths that only the node knows"
}

// Placeholder returns the placeholder in the rule's path, with its @, and false where the rule has none.
func (r Rule) Placeholder() (name string, ok bool) {
	for _, f := range r.fields {
		if f.isPlaceholder() {
			return f.value.text, true
		}
	}
	return "", false
}

// WithPath returns the rule with the path in place of its placeholder. A rule without a placeholder stays as it is. The path is not looked
// at: it must be absolute and shall be free of symbolic links.
func (r Rule) WithPath(path string) Rule {
	i := slices.IndexFunc(r.fields, field.isPlaceholder)
	if i < 0 {
		return r
	}
	r.fields = slices.Clone(r.fields)
	r.fields[i].value.text = path
	return r
}

// isPlaceholder says whether the field is a path that begins with @, which no real one does.
func (f field) isPlaceholder() bool { return f.id == fieldPath && strings.HasPrefix(f.value.text, "@") }

// addPlaceholder reads a path that begins with @.
func (p *parser) addPlaceholder(t *fieldType, value word) {
	known := strings.Join(placeholders, ", ")
	switch {
	case !slices.Contains(placeholders, value.text):
		p.fail(value.column, "write "+known+", or a path from the root on", "unknown placeholder %q", value.text)
	case t.id != fieldPath || p.rule.watch:
		p.fail(value.column, "write -a always,exit -F path="+value.text, "%s stands behind -F path= only", value.text)
	default:
		p.push(value.column, field{t, equal, operand{text: value.text}})
	}
}
