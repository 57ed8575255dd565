package boot

import "strings"

// parameter is one word of a kernel command line. Without an equals sign it has no value.
type parameter struct {
	name, value string
	valued      bool
}

// parameters cuts a command line as the kernel does (next_arg in lib/cmdline.c): at spaces outside of double quotes, and up to the word "--",
// behind which everything is for init. The words for init are returned as well.
func parameters(line string) (kernel, init []parameter) {
	var words []parameter
	rest := skipSpaces(line)
	for rest != "" {
		var p parameter
		p, rest = firstParameter(rest)
		if !p.valued && p.name == "--" && init == nil {
			kernel, init, words = words, []parameter{}, nil
			continue
		}
		words = append(words, p)
	}
	if init == nil {
		return words, nil
	}
	return kernel, words
}

// firstParameter takes the first word. A quote opens and closes anywhere in a word; only quotes around the word or around its value are dropped.
func firstParameter(args string) (p parameter, rest string) {
	opened := strings.HasPrefix(args, `"`)
	args = strings.TrimPrefix(args, `"`)
	end, equals := wordEnd(args, opened)
	word, rest := args[:end], skipSpaces(args[end:])
	if equals == 0 {
		return parameter{name: unquoted(word, opened)}, rest
	}
	p = parameter{name: word[:equals], value: word[equals+1:], valued: true}
	if value, ok := strings.CutPrefix(p.value, `"`); ok {
		p.value = unquoted(value, true)
	} else {
		p.value = unquoted(p.value, opened)
	}
	return p, rest
}

// wordEnd finds the end of the word and its first equals sign. One in the first place does not count, as in the kernel.
func wordEnd(args string, quoted bool) (end, equals int) {
	for end < len(args) && (quoted || !isSpace(args[end])) {
		switch {
		case args[end] == '=' && equals == 0:
			equals = end
		case args[end] == '"':
			quoted = !quoted
		}
		end++
	}
	return end, equals
}

func unquoted(word string, opened bool) string {
	if opened {
		return strings.TrimSuffix(word, `"`)
	}
	return word
}

func skipSpaces(s string) string {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return s[i:]
}

// isSpace is the kernel's isspace, to which the no-break space of Latin-1 belongs.
func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 }

// is says whether the kernel takes the word for a parameter: hyphens and underscores are the same to it, large and small letters are not.
func (p parameter) is(name string) bool {
	return strings.ReplaceAll(p.name, "-", "_") == name
}
