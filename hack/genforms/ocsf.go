package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// used are the classes that nodeagent/form writes, by their files below events.
var used = []string{
	"base_event", "system/file_activity", "system/kernel_extension_activity", "system/kernel_activity", "system/process_activity",
	"system/event_log_activity", "iam/account_change", "iam/authentication", "iam/group_management", "network/network_activity",
	"application/application_lifecycle",
}

// profiles are those that the events name in metadata.profiles.
var profiles = []string{"host", "container", "linux_users"}

// members is an object of JSON.
type members = map[string]any

// ocsfSchema is what the folder has.
type ocsfSchema struct {
	dir        string
	dictionary members
	types      members
	objects    map[string]members // by name
	events     map[string]members
	categories members
	defs       members // what was made of it
}

// ocsf makes a JSON Schema of the classes, with a definition for each class, class_1001, and each object.
func ocsf(dir string) (any, error) {
	s := &ocsfSchema{dir: dir, objects: map[string]members{}, events: map[string]members{}, defs: members{}}
	if err := s.load(); err != nil {
		return nil, err
	}
	for _, name := range used {
		if err := s.class(filepath.Base(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	version, err := read(filepath.Join(dir, "version.json"))
	if err != nil {
		return nil, err
	}
	return members{
		"$schema":  "https://json-schema.org/draft/2020-12/schema",
		"$comment": fmt.Sprintf("Made from OCSF %v by hack/genforms; see README.md for the licence.", version["version"]),
		"$defs":    s.defs,
	}, nil
}

func (s *ocsfSchema) load() error {
	dictionary, err := read(filepath.Join(s.dir, "dictionary.json"))
	if err != nil {
		return err
	}
	s.dictionary = dictionary["attributes"].(members)
	s.types = dictionary["types"].(members)["attributes"].(members)
	categories, err := read(filepath.Join(s.dir, "categories.json"))
	if err != nil {
		return err
	}
	s.categories = categories["attributes"].(members)
	if err := s.folder("objects/*.json", s.objects); err != nil {
		return err
	}
	if err := s.folder("events/*.json", s.events); err != nil {
		return err
	}
	if err := s.folder("events/*/*.json", s.events); err != nil {
		return err
	}
	linux, err := read(filepath.Join(s.dir, "extensions/linux/objects/process.json"))
	if err != nil {
		return err
	}
	// It adds to the object, and with it to those that extend it.
	own, err := s.included(linux["attributes"].(members), "extensions/linux")
	if err != nil {
		return err
	}
	maps.Copy(s.objects["process"]["attributes"].(members), own)
	return nil
}

func (s *ocsfSchema) folder(pattern string, into map[string]members) error {
	files, err := filepath.Glob(filepath.Join(s.dir, pattern))
	if err != nil {
		return err
	}
	for _, file := range files {
		object, err := read(file)
		if err != nil {
			return err
		}
		into[strings.TrimSuffix(filepath.Base(file), ".json")] = object
		if name, is := object["name"].(string); is {
			into[name] = object
		}
	}
	return nil
}

func read(file string) (members, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var object members
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return object, nil
}

// included returns attributes with those of the profiles and files that they include.
func (s *ocsfSchema) included(attributes members, below string) (members, error) {
	all := members{}
	files, _ := attributes["$include"].([]any)
	for _, file := range files {
		profile, err := read(filepath.Join(s.dir, below, file.(string)))
		if err != nil {
			return nil, err
		}
		for name, attribute := range profile["attributes"].(members) {
			attribute := maps.Clone(attribute.(members))
			if profile["meta"] == "profile" {
				attribute["profile"] = profile["name"]
			}
			all[name] = attribute
		}
	}
	for name, attribute := range attributes {
		if name != "$include" {
			all[name] = merged(all[name], attribute.(members))
		}
	}
	return all, nil
}

// merged lays one attribute over another. Enumerations grow.
func merged(below any, above members) members {
	under, is := below.(members)
	if !is {
		return maps.Clone(above)
	}
	both := maps.Clone(under)
	for name, value := range above {
		if name == "enum" && both["enum"] != nil {
			grown := maps.Clone(both["enum"].(members))
			maps.Copy(grown, value.(members))
			value = grown
		}
		both[name] = value
	}
	return both
}

// resolved returns the attributes and constraints of an object or class with those of what it extends.
func (s *ocsfSchema) resolved(object members, among map[string]members) (attributes, constraints members, err error) {
	attributes = members{}
	if parent, is := object["extends"].(string); is {
		if among[parent] == nil {
			return nil, nil, fmt.Errorf("it extends %s, which is not there", parent)
		}
		if attributes, constraints, err = s.resolved(among[parent], among); err != nil {
			return nil, nil, err
		}
	}
	own, err := s.included(object["attributes"].(members), "")
	if err != nil {
		return nil, nil, err
	}
	for name, attribute := range own {
		attributes[name] = merged(attributes[name], attribute.(members))
	}
	if own, is := object["constraints"].(members); is {
		constraints = own
	}
	return attributes, constraints, nil
}

func sortedKeys(m members) []string { return slices.Sorted(maps.Keys(m)) }

// number reads the key of an enumeration.
func number(key string) any {
	if n, err := strconv.Atoi(key); err == nil {
		return n
	}
	return key
}
