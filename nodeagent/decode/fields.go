package decode

import (
	"encoding/hex"
	"iter"
	"strings"
)

// value is the right-hand side of a field as the record has it, without its quotes.
type value struct {
	raw    string
	quoted bool
}

// absent says whether the record only says that there is nothing.
func (v value) absent() bool {
	if v.quoted {
		return false
	}
	switch v.raw {
	case "", "?", "(null)", "(none)":
		return true
	}
	return false
}

// text is the value of a field that others than the kernel choose. The kernel puts it in quotes, or in hexadecimal where it has a space,
// a quote or a byte that cannot be printed: audit_log_untrustedstring.
func (v value) text() string {
	if v.quoted {
		return v.raw
	}
	if decoded, err := hex.DecodeString(v.raw); err == nil {
		return string(decoded)
	}
	return v.raw
}

// fields yields the fields of a record's text in their order. Those in the quoted message of a user-space record are among them. Words
// that are no fields are left out.
func fields(text string) iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		each(text, yield)
	}
}

func each(text string, yield func(string, value) bool) bool {
	for {
		text = strings.TrimLeft(text, " ,\n")
		equals := strings.IndexAny(text, "= \n")
		if equals < 0 {
			return true
		}
		if text[equals] != '=' {
			text = text[equals:]
			continue
		}
		key := text[:equals]
		if inner, rest, ok := message(key, text[equals+1:]); ok {
			if !each(inner, yield) {
				return false
			}
			text = rest
			continue
		}
		var v value
		v, text = cutValue(text[equals+1:])
		if key != "" && !yield(key, v) {
			return false
		}
	}
}

// message returns what is between the quotes of msg='…'. The last quote of the record ends it.
func message(key, text string) (inner, rest string, ok bool) {
	if key != "msg" || !strings.HasPrefix(text, "'") {
		return "", "", false
	}
	end := strings.LastIndexByte(text, '\'')
	if end == 0 {
		return text[1:], "", true // cut off before its end
	}
	return text[1:end], text[end+1:], true
}

// cutValue takes the value from the beginning of text. There is no escaping in quotes: a text with a quote in it is in hexadecimal.
func cutValue(text string) (v value, rest string) {
	if strings.HasPrefix(text, `"`) {
		raw, rest, _ := strings.Cut(text[1:], `"`)
		return value{raw: raw, quoted: true}, rest
	}
	end := strings.IndexAny(text, " \n")
	if end < 0 {
		end = len(text)
	}
	return value{raw: text[:end]}, text[end:]
}

// body returns the text behind the record's header, `audit(1700000000.001:7): `.
func body(data string) string {
	_, after, found := strings.Cut(data, "):")
	if !found {
		return data
	}
	return after
}
