package main

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/rule/lint"
	"github.com/nodeaudit/nodeaudit/internal/version"
)

// The parts of SARIF 2.1.0 that a report has: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		FullDescription  sarifText `json:"fullDescription"`
		Help             sarifText `json:"help"`
		HelpURI          string    `json:"helpUri"`
		Default          struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
		Properties struct {
			Tags []string `json:"tags"`
		} `json:"properties"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		Related   []sarifLocation `json:"relatedLocations,omitempty"`
		// Properties are what SARIF has no field for.
		Properties map[string]any `json:"properties,omitempty"`
	}
	sarifLocation struct {
		ID       int        `json:"id,omitempty"`
		Physical sarifPlace `json:"physicalLocation"`
		Message  *sarifText `json:"message,omitempty"`
	}
	sarifPlace struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn,omitempty"`
	}
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	project     = "https://github.com/nodeaudit/nodeaudit"
	// manifest is the check of what is wrong with an object, not with a rule.
	manifest = "manifest"
)

// printSARIF writes findings so that code scanning services show them at their lines.
func printSARIF(out io.Writer, found []finding, texts map[string]string) error {
	log := sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}}}
	run := &log.Runs[0]
	run.Tool.Driver = sarifDriver{Name: "nodeaudit", InformationURI: project, Version: version.Version, Rules: sarifRules()}
	for _, f := range found {
		f.Column = characters(texts[f.File], f.Line, f.Column)
		run.Results = append(run.Results, f.sarif(run.Tool.Driver.Rules))
	}
	return printJSON(out, log, "  ")
}

func sarifRules() []sarifRule {
	checks := append(lint.Checks(), lint.Check{
		ID: manifest, Severity: rule.Error, Title: "An object is not one that the API server or the controller accepts",
		Help: "Correct what the message names. kubectl explain auditpolicy.spec has the fields.",
	})
	rules := make([]sarifRule, len(checks))
	for i, c := range checks {
		rules[i] = sarifRule{
			ID: c.ID, ShortDescription: sarifText{Text: c.Title}, FullDescription: sarifText{Text: c.Help},
			Help:    sarifText{c.Help, c.Help + " [More](" + project + "/blob/main/docs/lint.md#" + c.ID + ")"},
			HelpURI: project + "/blob/main/docs/lint.md#" + c.ID,
		}
		rules[i].Default.Level = string(severityOf(rule.Problem{Severity: c.Severity}))
		rules[i].Properties.Tags = []string{"audit"}
	}
	return rules
}

func (f finding) sarif(rules []sarifRule) sarifResult {
	id := f.Check
	if id == "" {
		id = manifest
	}
	message := f.Message
	if f.Fix != "" {
		message += ": " + f.Fix
	}
	r := sarifResult{
		RuleID: id, RuleIndex: slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == id }), Level: string(f.Severity),
		Message: sarifText{Text: message}, Locations: []sarifLocation{{Physical: f.physical(f.Line, f.Column)}},
	}
	if f.Other > 0 {
		r.Related = []sarifLocation{{ID: 1, Physical: f.physical(f.Other, 0), Message: &sarifText{Text: "the other rule"}}}
	}
	if f.Policy != "" || f.Cost != nil {
		r.Properties = map[string]any{}
	}
	if f.Policy != "" {
		r.Properties["policy"] = f.Policy
	}
	if f.Cost != nil {
		r.Properties["cost"] = f.Cost
	}
	return r
}

// characters turns a column that counts bytes into one that counts characters.
func characters(text string, line, column int) int {
	n := 0
	for content := range strings.Lines(text) {
		if n++; n == line && column > 0 && column <= len(content) {
			return utf8.RuneCountInString(content[:column-1]) + 1
		}
	}
	return column
}

// physical is a place in the finding's file. Services refuse results without a line, so a finding on a whole file is on its first.
func (f finding) physical(line, column int) sarifPlace {
	return sarifPlace{artifact(f.File), sarifRegion{max(line, 1), column}}
}

// artifact names a file relative to the directory in which the program runs, which for code scanning is the root of the checkout. Files elsewhere
// keep their whole path.
func artifact(name string) sarifArtifact {
	here, err := os.Getwd()
	if err != nil {
		return sarifArtifact{URI: filepath.ToSlash(name)}
	}
	whole := name
	if !filepath.IsAbs(name) {
		whole = filepath.Join(here, name)
	}
	relative, err := filepath.Rel(here, whole)
	if err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: filepath.ToSlash(whole)}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: filepath.ToSlash(relative)}).String(), Base: "%SRCROOT%"}
}
