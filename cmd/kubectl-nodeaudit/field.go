package main

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// field returns where the key of a field stands, for example of spec.routes[0].name. Where it is not found, the place is that of the object.
func (d *document) field(path string) place {
	if key, _ := d.find(path); key != nil {
		return start(key, d.lines, d.first)
	}
	return start(d.root, d.lines, d.first)
}

// value returns the node of a field's value, nil where the document does not write it in its place.
func (d *document) value(path string) *yaml.Node {
	_, value := d.find(path)
	return value
}

func (d *document) find(path string) (key, value *yaml.Node) {
	key, value = d.root, d.root
	for step := range strings.SplitSeq(strings.ReplaceAll(path, "[", ".["), ".") {
		if key, value = child(value, step); value == nil {
			return nil, nil
		}
	}
	return key, value
}

// child follows one step: the name of a field, or [n].
func child(of *yaml.Node, step string) (key, value *yaml.Node) {
	index, isIndex := strings.CutPrefix(step, "[")
	if isIndex {
		n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || of.Kind != yaml.SequenceNode || n >= len(of.Content) {
			return nil, nil
		}
		return of.Content[n], resolved(of.Content[n])
	}
	if of.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(of.Content); i += 2 {
		if of.Content[i].Value == step {
			return of.Content[i], resolved(of.Content[i+1])
		}
	}
	return nil, nil
}

// resolved follows an alias to what it stands for.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
