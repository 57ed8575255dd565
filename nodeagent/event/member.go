package event

import (
	"maps"
	"slices"
	"strconv"
)

// The functions below append a member of an object where it has a value, and nothing where it has none. Its name comes with the comma before
// it, the quotes and the colon.

func member(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(append(b, name...), value)
}

func number(b []byte, name string, id ID) []byte {
	if !id.present {
		return b
	}
	return strconv.AppendUint(append(b, name...), uint64(id.number), 10)
}

func positive(b []byte, name string, value uint32) []byte {
	if value == 0 {
		return b
	}
	return strconv.AppendUint(append(b, name...), uint64(value), 10)
}

func object(b []byte, name string, fields Fields) []byte {
	if len(fields) == 0 {
		return b
	}
	return appendFields(append(b, name...), fields)
}

func list(b []byte, name string, texts []string) []byte {
	if len(texts) == 0 {
		return b
	}
	b = append(append(b, name...), '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

// labels appends a map by the order of its names.
func labels(b []byte, name string, texts map[string]string) []byte {
	if len(texts) == 0 {
		return b
	}
	var few [16]string
	b = append(b, name...)
	at := len(b)
	for _, label := range sorted(few[:0], texts) {
		b = appendText(append(b, ','), label)
		b = appendText(append(b, ':'), texts[label])
	}
	return opened(b, at)
}

func sorted(names []string, texts map[string]string) []string {
	names = slices.AppendSeq(names, maps.Keys(texts))
	slices.Sort(names)
	return names
}

// opened makes an object of the members behind at: of the comma before the first the brace that opens it.
func opened(b []byte, at int) []byte {
	if len(b) == at {
		return append(b, '{', '}')
	}
	b[at] = '{'
	return append(b, '}')
}
