package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ecsSets are the sets of fields that the tests need, and ecsWithout what is left out of them.
var (
	ecsSets = []string{
		"@timestamp", "message", "tags", "container.", "destination.", "ecs.", "error.", "event.", "file.", "group.", "host.", "log.", "network.",
		"orchestrator.", "process.", "rule.", "service.", "source.", "user.",
	}
	ecsWithout = []string{
		".as.", ".attested", ".code_signature.", ".elf.", ".entity.", ".entry_", ".geo.", ".group_leader.", ".hash.", ".macho.", ".nat.", ".parent.",
		".pe.", ".previous.", ".risk.", ".session_leader.", ".supplemental", ".target.entity", ".x509.", ".changes.", ".responsible.", ".macho",
	}
)

// ecsStill are some of those that are not left out.
var ecsStill = []string{"process.parent.", "orchestrator.resource.parent."}

// ecs reads the fields with their types, and which types of events go with which categories.
func ecs(dir string) (any, error) {
	text, err := os.ReadFile(filepath.Join(dir, "generated/ecs/ecs_flat.yml"))
	if err != nil {
		return nil, err
	}
	var fields map[string]struct {
		Type      string
		Normalize []string
		Allowed   []struct {
			Name     string
			Expected []string `yaml:"expected_event_types"`
		} `yaml:"allowed_values"`
	}
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	types, allowed := map[string]string{}, map[string]map[string][]string{}
	for name, field := range fields {
		if !begins(name, ecsSets) || contains(name, ecsWithout) && !begins(name, ecsStill) {
			continue
		}
		types[name] = field.Type
		if len(field.Normalize) > 0 {
			types[name] += "[]"
		}
		for _, value := range field.Allowed {
			if allowed[name] == nil {
				allowed[name] = map[string][]string{}
			}
			allowed[name][value.Name] = value.Expected
		}
	}
	return map[string]any{"fields": types, "allowed": allowed}, nil
}

func begins(name string, with []string) bool {
	for _, beginning := range with {
		if strings.HasPrefix(name, beginning) {
			return true
		}
	}
	return false
}

func contains(name string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// otelGroups are the folders of the model that the tests need.
var otelGroups = []string{"container", "error", "file", "host", "k8s", "network", "os", "process", "thread", "user"}

// otel reads the attributes with their types.
func otel(dir string) (any, error) {
	all := map[string]string{}
	for _, group := range otelGroups {
		text, err := os.ReadFile(filepath.Join(dir, "model", group, "registry.yaml"))
		if err != nil {
			return nil, err
		}
		var registry struct {
			Groups []struct {
				Attributes []struct {
					ID   string
					Type any
				}
			}
		}
		if err := yaml.Unmarshal(text, &registry); err != nil {
			return nil, fmt.Errorf("%s: %w", group, err)
		}
		for _, group := range registry.Groups {
			for _, attribute := range group.Attributes {
				kind, is := attribute.Type.(string)
				if !is {
					kind = "string" // one of some
				}
				all[attribute.ID] = kind
			}
		}
	}
	return all, nil
}

// sigma counts in how many rules for auditd each field is used. Rules with words alone are under the empty name.
func sigma(dir string) (any, error) {
	rules, fields := 0, map[string]int{}
	for _, folder := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".yml") {
				return err
			}
			names, err := sigmaRule(file)
			for name := range names {
				fields[name]++
			}
			if len(names) > 0 {
				rules++
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return map[string]any{"rules": rules, "fields": fields}, nil
}

func sigmaRule(file string) (map[string]bool, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	names := map[string]bool{}
	for documents := yaml.NewDecoder(in); ; {
		var rule struct {
			Logsource struct{ Service string }
			Detection map[string]any
		}
		err := documents.Decode(&rule)
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if rule.Logsource.Service != "auditd" {
			continue
		}
		for name, search := range rule.Detection {
			if name != "condition" && name != "timeframe" {
				sigmaFields(names, search)
			}
		}
	}
}

// sigmaFields adds the names of the fields that a search looks at.
func sigmaFields(names map[string]bool, search any) {
	switch search := search.(type) {
	case map[string]any:
		for key := range search {
			name, _, _ := strings.Cut(key, "|")
			names[name] = true
		}
	case []any:
		for _, one := range search {
			if _, is := one.(map[string]any); !is {
				one = map[string]any{"": one}
			}
			sigmaFields(names, one)
		}
	}
}
