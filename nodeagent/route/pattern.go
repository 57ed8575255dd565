package route

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// patterns are paths, sorted by how they are compared: `/etc/passwd` as it is, `/etc/` all below, `/home/*/.ssh/**` as a pattern.
type patterns struct {
	exact    set
	prefixes []string
	globs    []string
}

func newPatterns(list []string) patterns {
	var p patterns
	var exact []string
	for _, item := range list {
		switch {
		case strings.ContainsAny(item, "*?"):
			p.globs = append(p.globs, item)
		case strings.HasSuffix(item, "/"):
			p.prefixes = append(p.prefixes, item)
		default:
			exact = append(exact, item)
		}
	}
	p.exact = newSet(exact)
	return p
}

func (p *patterns) fit(path string) bool {
	return p.exact.has(path) ||
		slices.ContainsFunc(p.prefixes, func(prefix string) bool { return within(path, prefix) }) ||
		slices.ContainsFunc(p.globs, func(pattern string) bool { return glob(pattern, path) })
}

// within says whether the path is the directory, whose name ends with a slash, or below it.
func within(path, directory string) bool {
	return strings.HasPrefix(path, directory) || path == directory[:len(directory)-1] && path != ""
}

// fitFile says whether a file of the event fits. Names that are relative begin at the working directory.
func (p *patterns) fitFile(e *event.Event) bool {
	for i := range e.Paths {
		name := e.Paths[i].Name
		if name == "" {
			continue
		}
		if clean(name) {
			if p.fit(strings.TrimSuffix(name, "/")) || name == "/" && p.fit(name) {
				return true
			}
			continue
		}
		var buffer [256]byte // longer ones are allocated
		full := absolute(buffer[:0], e.CWD, name)
		if p.fit(unsafe.String(unsafe.SliceData(full), len(full))) { //nolint:gosec // a view for the time of the call, so that it is not copied
			return true
		}
	}
	return false
}

// clean says whether a path is absolute and has no part that stands for another one, except a slash at its end.
func clean(path string) bool {
	return path[0] == '/' && !strings.Contains(path, "//") && !strings.Contains(path, "/.")
}

// absolute appends the name as it is from the root: without `.`, `..` and double slashes, and without a slash at its end. It reads no links: the
// records do not tell of them.
func absolute(to []byte, cwd, name string) []byte {
	if name[0] != '/' {
		to = join(to, cwd)
	}
	to = join(to, name)
	if len(to) == 0 {
		to = append(to, '/')
	}
	return to
}

func join(to []byte, path string) []byte {
	for part := range strings.SplitSeq(path, "/") {
		switch part {
		case "", ".":
		case "..":
			to = to[:max(0, bytes.LastIndexByte(to, '/'))]
		default:
			to = append(append(to, '/'), part...)
		}
	}
	return to
}

// glob says whether the path fits the pattern as a whole: `*` is any text without a slash, `**` any text, `?` one character without a slash.
// It goes back to the last `**` and the last `*` only, so it takes at most len(pattern) × len(path)² steps, in practice one pass.
func glob(pattern, path string) bool {
	p, s := 0, 0
	star, starAt := -1, 0   // behind the last `*`, and where in path it ends
	super, superAt := -1, 0 // the same for `**`
	for {
		switch {
		case p == len(pattern) && s == len(path):
			return true
		case strings.HasPrefix(pattern[p:], "**"):
			p += 2
			super, superAt, star = p, s, -1
			continue
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, starAt = p, s
			continue
		case p < len(pattern) && s < len(path) && pattern[p] == '?' && path[s] != '/':
			_, size := utf8.DecodeRuneInString(path[s:])
			p, s = p+1, s+size
			continue
		case p < len(pattern) && s < len(path) && pattern[p] == path[s] && pattern[p] != '?':
			p, s = p+1, s+1
			continue
		}
		switch {
		case star >= 0 && starAt < len(path) && path[starAt] != '/':
			starAt++
			p, s = star, starAt
		case super >= 0 && superAt < len(path):
			superAt++
			p, s, star = super, superAt, -1
		default:
			return false
		}
	}
}
