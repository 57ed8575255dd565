package main

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/form"
)

// formNames are the values of -o. The native form is called json, as in other commands.
func formNames() []string {
	names := form.Names()
	names[0] = "json"
	return names
}

func formOf(name string) (form.Form, error) {
	f, err := form.Named(name)
	if err != nil {
		return f, oneOf(name, formNames()...)
	}
	return f, nil
}

func formHelp() string {
	names := formNames()
	words := make([]string, len(names))
	for i, name := range names {
		f, err := form.Named(name)
		if err != nil {
			continue // each has one
		}
		words[i] = name + ": " + f.Help()
	}
	return strings.Join(words, "; ")
}
