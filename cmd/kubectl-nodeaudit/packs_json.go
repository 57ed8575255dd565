package main

import (
	"github.com/nodeaudit/nodeaudit/api/rule/packs"
)

// packObject is a pack in JSON. Rules is empty in a list.
type packObject struct {
	Name    string       `json:"name"`
	Version string       `json:"version"`
	Title   string       `json:"title"`
	Covers  string       `json:"covers"`
	Sources []string     `json:"sources"`
	Count   int          `json:"count"`
	Rules   []packedRule `json:"rules,omitempty"`
}

// packedRule is one rule of a pack in JSON.
type packedRule struct {
	Rule       string   `json:"rule"`
	Keys       []string `json:"keys"`
	References []string `json:"references"`
	Reason     string   `json:"reason"`
}

func packObjects(list []packs.Pack, parameters packs.Parameters, whole bool) []packObject {
	objects := make([]packObject, len(list))
	for i, p := range list {
		rules, _ := p.Parse(parameters)
		objects[i] = packObject{Name: p.Name, Version: p.Version, Title: p.Title, Covers: p.Covers, Sources: p.Sources, Count: len(rules)}
		if !whole {
			continue
		}
		for _, g := range p.Groups {
			for range g.Rules(parameters) {
				r := rules[len(objects[i].Rules)] // one line is one rule
				objects[i].Rules = append(objects[i].Rules, packedRule{r.String(), r.Keys(), g.References, g.Reason})
			}
		}
	}
	return objects
}
