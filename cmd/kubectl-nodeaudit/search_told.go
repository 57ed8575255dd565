package main

import (
	"io"
	"slices"

	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// toldActors reads what the agents have told of actors in the same files, since they tell it behind the first events that it is about. Standard input can be
// read only once: there events have the actors that are in them.
func (f *searchFlags) toldActors(write form.Form) {
	names := slices.DeleteFunc(slices.Clone(f.input), func(name string) bool { return name == "-" })
	if len(names) == 0 {
		return
	}
	wanted := &filter{query: index.All()}
	wanted.literals.part(event.TypeActor)
	wanted.query.Texts = append(wanted.query.Texts, index.TextCondition{Field: index.Type, Holds: func(value []byte) bool { return string(value) == event.TypeActor }})
	s := &search{road: newDecoding(io.Discard, io.Discard, write), filter: wanted, words: io.Discard, noIndex: f.noIndex}
	told := &apiaudit.Told{}
	s.road.keep = func(e *event.Event) bool {
		told.Add(e)
		return false
	}
	_ = s.all(names, nil) // what cannot be read is said when events are searched
	f.told = told
}
