package main

import (
	"fmt"
	"slices"
)

// class adds the definition of a class.
func (s *ocsfSchema) class(name string) error {
	class := s.events[name]
	attributes, constraints, err := s.resolved(class, s.events)
	if err != nil {
		return err
	}
	schema, err := s.object(attributes, constraints)
	if err != nil {
		return err
	}
	category, err := s.categoryOf(class)
	if err != nil {
		return err
	}
	uid, _ := class["uid"].(float64)
	number := category*1000 + int(uid)
	properties := schema["properties"].(members)
	properties["class_uid"] = members{"const": number}
	properties["class_name"] = members{"const": class["caption"]}
	properties["category_uid"] = members{"const": category}
	kinds := []any{}
	for _, activity := range properties["activity_id"].(members)["enum"].([]any) {
		kinds = append(kinds, members{"properties": members{"activity_id": members{"const": activity}, "type_uid": members{"const": number*100 + activity.(int)}}})
	}
	schema["oneOf"] = kinds
	s.defs[fmt.Sprintf("class_%d", number)] = schema
	return nil
}

func (s *ocsfSchema) categoryOf(class members) (int, error) {
	for class != nil {
		if name, is := class["category"].(string); is {
			if name == "other" {
				return 0, nil
			}
			return int(s.categories[name].(members)["uid"].(float64)), nil
		}
		parent, _ := class["extends"].(string)
		class = s.events[parent]
	}
	return 0, fmt.Errorf("no category")
}

// object makes the schema of an object or class: no attribute but those that it has, and none that is deprecated.
func (s *ocsfSchema) object(attributes, constraints members) (members, error) {
	properties, required, captions := members{}, []any{}, []any{}
	for _, name := range sortedKeys(attributes) {
		attribute := attributes[name].(members)
		if profile, is := attribute["profile"].(string); is && !slices.Contains(profiles, profile) {
			continue
		}
		whole := merged(s.dictionary[name], attribute)
		if whole["@deprecated"] != nil {
			continue
		}
		schema, err := s.attribute(whole)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		properties[name] = schema
		captions = append(captions, captionsOf(name, whole)...)
		if whole["requirement"] == "required" {
			required = append(required, name)
		}
	}
	schema := members{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	if len(captions) > 0 {
		schema["allOf"] = captions
	}
	for constraint, word := range map[string]string{"at_least_one": "anyOf", "just_one": "oneOf"} {
		names, _ := constraints[constraint].([]any)
		choices := []any{}
		for _, name := range names {
			choices = append(choices, members{"required": []any{name}})
		}
		if len(choices) > 0 {
			schema[word] = choices
		}
	}
	return schema, nil
}

// captionsOf says that the word beside a number of a short enumeration is that of the number. Other (99) has the word of the source.
func captionsOf(name string, attribute members) []any {
	const short = 24
	enum, _ := attribute["enum"].(members)
	sibling, is := attribute["sibling"].(string)
	if !is || len(enum) > short {
		return nil
	}
	rules := []any{}
	for _, key := range sortedKeys(enum) {
		if key == "99" {
			continue
		}
		rules = append(rules, members{
			"if":   members{"required": []any{name, sibling}, "properties": members{name: members{"const": number(key)}}},
			"then": members{"properties": members{sibling: members{"const": enum[key].(members)["caption"]}}},
		})
	}
	return rules
}

func (s *ocsfSchema) attribute(attribute members) (members, error) {
	schema, err := s.value(attribute)
	if err != nil {
		return nil, err
	}
	if enum, is := attribute["enum"].(members); is {
		values := []any{}
		for _, key := range sortedKeys(enum) {
			values = append(values, number(key))
		}
		schema["enum"] = values
	}
	if attribute["is_array"] == true {
		return members{"type": "array", "items": schema}, nil
	}
	return schema, nil
}

// value is the schema of an attribute's type, which is a type of the dictionary or an object.
func (s *ocsfSchema) value(attribute members) (members, error) {
	name, _ := attribute["type"].(string)
	if name == "object" {
		return members{"type": "object"}, nil
	}
	kind, is := s.types[name].(members)
	if !is {
		return members{"$ref": "#/$defs/" + name}, s.define(name)
	}
	schema := members{"type": primitive(name, kind)}
	if regex, is := kind["regex"].(string); is {
		schema["pattern"] = regex
	}
	if longest, is := kind["max_len"].(float64); is {
		schema["maxLength"] = longest
	}
	if limits, is := kind["range"].([]any); is {
		schema["minimum"], schema["maximum"] = limits[0], limits[1]
	}
	if name == "json_t" {
		delete(schema, "type")
	}
	return schema, nil
}

func primitive(name string, kind members) string {
	if under, is := kind["type"].(string); is {
		name = under
	}
	switch name {
	case "integer_t", "long_t":
		return "integer"
	case "float_t":
		return "number"
	case "boolean_t":
		return "boolean"
	default:
		return "string"
	}
}

// define adds the definition of an object, and of what is in it.
func (s *ocsfSchema) define(name string) error {
	if s.defs[name] != nil {
		return nil
	}
	s.defs[name] = members{} // objects are in each other
	object := s.objects[name]
	if object == nil {
		return fmt.Errorf("there is no object %s", name)
	}
	attributes, constraints, err := s.resolved(object, s.objects)
	if err != nil {
		return err
	}
	schema, err := s.object(attributes, constraints)
	if err != nil {
		return fmt.Errorf("object %s: %w", name, err)
	}
	s.defs[name] = schema
	return nil
}
