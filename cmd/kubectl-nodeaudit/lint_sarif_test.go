package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule/lint"
)

// sarifOf is the report as any JSON reader has it.
func sarifOf(t *testing.T, files map[string]string, args ...string) (run map[string]any, results []any) {
	t.Helper()
	got := runLint(t, files, args...)
	var log map[string]any
	if err := json.Unmarshal([]byte(got.out), &log); err != nil {
		t.Fatalf("%v: %s", err, got.out)
	}
	if log["version"] != "2.1.0" || !strings.HasSuffix(log["$schema"].(string), "sarif-schema-2.1.0.json") || got.words != "" {
		t.Errorf("version %v, schema %v, words %q", log["version"], log["$schema"], got.words)
	}
	run = log["runs"].([]any)[0].(map[string]any)
	return run, run["results"].([]any)
}

func runLint(t *testing.T, files map[string]string, args ...string) ran {
	t.Helper()
	return run(t, files, "", append([]string{"lint", "-o", "sarif"}, args...)...)
}

// at follows keys and indices.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func TestSARIFDescribesEachCheck(t *testing.T) {
	page, err := os.ReadFile("../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	run, results := sarifOf(t, map[string]string{"a.rules": ""}, "a.rules")
	if len(results) != 0 {
		t.Errorf("results %v", results)
	}
	driver := at(run, "tool", "driver")
	if at(driver, "name") != "nodeaudit" || at(driver, "version") == "" || run["columnKind"] != "unicodeCodePoints" {
		t.Errorf("driver %v", driver)
	}
	rules := at(driver, "rules").([]any)
	if len(rules) != len(lint.Checks())+1 {
		t.Errorf("%d rules", len(rules))
	}
	for _, r := range rules {
		id, _ := at(r, "id").(string)
		level := at(r, "defaultConfiguration", "level")
		if level != "error" && level != "warning" && level != "note" {
			t.Errorf("%s has level %v", id, level)
		}
		for _, path := range [][]any{{"shortDescription", "text"}, {"fullDescription", "text"}, {"help", "text"}, {"help", "markdown"}} {
			if text, _ := at(r, path...).(string); text == "" || utf8.RuneCountInString(text) > 1024 { // what GitHub shows
				t.Errorf("%s: %v is %q", id, path, text)
			}
		}
		if uri, _ := at(r, "helpUri").(string); !strings.HasSuffix(uri, "/docs/lint.md#"+id) || !strings.Contains(string(page), "\n## "+id+"\n") {
			t.Errorf("%s has help at %s", id, uri)
		}
	}
}

func TestSARIFResults(t *testing.T) {
	files := map[string]string{
		"my rules/a.rules": "-w x\n" + forPeople + forPeople,
		"p.yaml":           policy("p", "{unmanagedRules: äö, rules: '-w y'}"),
	}
	run, results := sarifOf(t, files, "my rules/a.rules", "p.yaml")
	type result struct {
		Check, Level, URI, Base string
		Line, Column            any
	}
	var got []result
	for _, r := range results {
		id := at(r, "ruleId").(string)
		index := int(at(r, "ruleIndex").(float64))
		if at(run, "tool", "driver", "rules", index, "id") != id || at(r, "message", "text") == "" {
			t.Errorf("result %v is not of rule %d", r, index)
		}
		place := at(r, "locations", 0, "physicalLocation")
		got = append(got, result{
			id, at(r, "level").(string), at(place, "artifactLocation", "uri").(string), at(place, "artifactLocation", "uriBaseId").(string),
			at(place, "region", "startLine"), at(place, "region", "startColumn"),
		})
	}
	const a, root = "my%20rules/a.rules", "%SRCROOT%"
	want := []result{
		{"syntax", "error", a, root, 1., 4.},
		{"missing-b32", "warning", a, root, 2., 1.},
		{"auid-unset-in-containers", "warning", a, root, 2., 1.},
		{"duplicate", "warning", a, root, 3., 1.},
		{"manifest", "error", "p.yaml", root, 5., 4.},
		{"syntax", "error", "p.yaml", root, 5., 35.},
		{"cost", "note", a, root, 1., nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if line := at(results, 3, "relatedLocations", 0, "physicalLocation", "region", "startLine"); line != 2. {
		t.Errorf("the other rule is in line %v", line)
	}
	if at(results, 5, "properties", "policy") != "p" || at(results, 6, "properties", "cost", "linear") != 2. {
		t.Errorf("properties %v, %v", at(results, 5, "properties"), at(results, 6, "properties"))
	}
}

func TestSARIFNamesFilesByTheDirectoryInWhichItRuns(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "b.rules")
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]sarifArtifact{
		"a.rules":                     {"a.rules", "%SRCROOT%"},
		"./x/../a.rules":              {"a.rules", "%SRCROOT%"},
		filepath.Join(here, "y", "z"): {"y/z", "%SRCROOT%"},
		elsewhere:                     {"file://" + elsewhere, ""},
		"<stdin>":                     {"%3Cstdin%3E", "%SRCROOT%"},
		"a:b":                         {"./a:b", "%SRCROOT%"},
	} {
		if got := artifact(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestSARIFHasTheExitStatusOfText(t *testing.T) {
	if got := runLint(t, map[string]string{"a.rules": "-w x\n"}, "a.rules"); got.err != "1 error" {
		t.Errorf("the error is %q", got.err)
	}
	if got := runLint(t, map[string]string{"a.rules": forPeople}, "a.rules"); got.err != "" {
		t.Errorf("the error is %q", got.err)
	}
}
