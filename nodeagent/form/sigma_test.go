package form

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

var inCode = regexp.MustCompile("`([^`]+)`")

// TestSigmaFindsItsFields holds the table of docs/forms.md to the names that Sigma's rules use and to the native form.
func TestSigmaFindsItsFields(t *testing.T) {
	var used struct {
		Rules  int
		Fields map[string]int
	}
	load(t, "sigma.json", &used)
	if used.Rules < 50 || used.Fields["exe"] == 0 {
		t.Fatalf("these are not the names of Sigma's rules: %+v", used)
	}
	text, err := os.ReadFile("../../docs/forms.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, found := strings.Cut(string(text), "\n## Sigma\n")
	if !found {
		t.Fatal("docs/forms.md has no chapter about Sigma")
	}
	schema := nativeSchema(t)
	mapped := map[string]bool{}
	for line := range strings.Lines(chapter) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[1]) == "Sigma" {
			continue
		}
		names, _, _ := strings.Cut(cells[1], " with ")
		for _, name := range inCode.FindAllStringSubmatch(names, -1) {
			mapped[name[1]] = true
		}
		native := inCode.FindStringSubmatch(cells[2])
		if native == nil || !schema.has(native[1]) {
			t.Errorf("the native form has nothing like %s", cells[2])
		}
	}
	for name := range used.Fields {
		if name != "" && !mapped[name] {
			t.Errorf("docs/forms.md does not say where Sigma's field %s is", name)
		}
	}
	for name := range mapped {
		if used.Fields[name] == 0 {
			t.Errorf("docs/forms.md speaks of %s, which no rule uses", name)
		}
	}
}

// jsonSchema is the schema of the native form, as far as names go.
type jsonSchema struct {
	Properties map[string]*jsonSchema
	Items      *jsonSchema
	Additional any `json:"additionalProperties"`
}

func nativeSchema(t *testing.T) *jsonSchema {
	t.Helper()
	text, err := os.ReadFile("../event/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &jsonSchema{}
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// has says whether there may be a member at a path such as paths[].name.
func (s *jsonSchema) has(path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		name, isArray := strings.CutSuffix(name, "[]")
		next := s.Properties[name]
		if open, is := s.Additional.(map[string]any); next == nil && is && open["type"] == "string" {
			return true // any name, as below fields
		}
		if next == nil {
			return false
		}
		if s = next; isArray {
			s = s.Items
		}
		if s == nil {
			return false
		}
	}
	return true
}
