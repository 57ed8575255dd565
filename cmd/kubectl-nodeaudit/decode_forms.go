package main

import (
	"fmt"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// form appends an event in one of the forms of -o, with a line feed at its end. It keeps nothing of the event.
type form func(line []byte, e *event.Event) ([]byte, error)

// forms are the values of -o. One more is one more line here.
var forms = []struct {
	name, help string
	append     form
}{
	{"json", "the native form (docs/events.md)", event.AppendLine},
	{"text", "a line for people", appendText},
}

func formOf(name string) (form, error) {
	names := make([]string, len(forms))
	for i, f := range forms {
		if f.name == name {
			return f.append, nil
		}
		names[i] = f.name
	}
	return nil, oneOf(name, names...)
}

func formHelp() string {
	words := make([]string, len(forms))
	for i, f := range forms {
		words[i] = fmt.Sprintf("%s: %s", f.name, f.help)
	}
	return strings.Join(words, "; ")
}
