package event_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t *testing.T, s *jsonschema.Schema, line []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return s.Validate(value)
}

func TestSchemaTakesAFullEvent(t *testing.T) {
	line, err := event.AppendLine(nil, full())
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, schema(t), line); err != nil {
		t.Errorf("%s: %v", line, err)
	}
}

func TestSchemaTakesTheEventsOfRealKernels(t *testing.T) {
	goldens, err := filepath.Glob("../decode/testdata/*.jsonl")
	if err != nil || len(goldens) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	s := schema(t)
	for _, golden := range goldens {
		text, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		// Decoding leaves Who to a later stage, without which no line goes out.
		text = bytes.ReplaceAll(text, []byte(`"who":{"confidence":""}`), []byte(`"who":{"confidence":"none"}`))
		for line := range bytes.Lines(text) {
			if err := validate(t, s, line); err != nil {
				t.Errorf("%s: %s: %v", golden, line, err)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	const good = `{"time":"2026-11-21T09:05:49.800Z","serial":7,"type":"SYSCALL","who":{"confidence":"none"},"records":[{"type":"SYSCALL","data":"x"}]}`
	tests := []struct{ name, old, new string }{
		{"a field that it does not know", `"serial":7`, `"serial":7,"colour":"red"`},
		{"a field in who that it does not know", `"confidence":"none"`, `"confidence":"none","colour":"red"`},
		{"an event without records", `,"records":[{"type":"SYSCALL","data":"x"}]`, ``},
		{"an event without who", `"who":{"confidence":"none"},`, ``},
		{"a confidence of another name", `"none"`, `"sure"`},
		{"a pod where nothing was found", `"confidence":"none"`, `"confidence":"none","pod":"web-0"`},
		{"a result of another name", `"serial":7`, `"serial":7,"result":"yes"`},
		{"a serial beyond 32 bits", `"serial":7`, `"serial":4294967296`},
		{"an id that is null", `"serial":7`, `"serial":7,"uid":null`},
		{"a time in a zone", `49.800Z`, `49.800+01:00`},
		{"a time in microseconds", `49.800Z`, `49.800001Z`},
		{"a record as text and as Base64", `"data":"x"`, `"data":"x","base64":"eA=="`},
	}
	s := schema(t)
	if err := validate(t, s, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if line := strings.Replace(good, test.old, test.new, 1); validate(t, s, []byte(line)) == nil {
				t.Errorf("taken: %s", line)
			}
		})
	}
}

// shape is the part of an object's schema that the structs decide.
type shape struct {
	Type       string           `json:"type"`
	Ref        string           `json:"$ref"`
	Properties map[string]shape `json:"properties"`
	Required   []string         `json:"required"`
	Additional any              `json:"additionalProperties"`
	Items      *shape           `json:"items"`
	Defs       map[string]shape `json:"$defs"`
	Text       string           `json:"description"`
}

func TestSchemaHasTheFieldsOfTheStructs(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root shape
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	record := reflect.TypeFor[struct {
		Type   string `json:"type"`
		Data   string `json:"data,omitempty"`
		Base64 string `json:"base64,omitempty"`
	}]()
	for name, object := range map[string]struct {
		in   shape
		kind reflect.Type
	}{
		"event":    {root, reflect.TypeFor[event.Event]()},
		"who":      {root.Properties["who"], reflect.TypeFor[event.Who]()},
		"workload": {root.Properties["who"].Properties["workload"], reflect.TypeFor[event.Workload]()},
		"ancestor": {*root.Properties["who"].Properties["ancestors"].Items, reflect.TypeFor[event.Ancestor]()},
		"path":     {*root.Properties["paths"].Items, reflect.TypeFor[event.Path]()},
		"socket":   {root.Properties["socket"], reflect.TypeFor[event.Socket]()},
		"record":   {*root.Properties["records"].Items, record},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, object.in, object.kind)
			explained(t, object.in)
		})
	}
}

// compare checks that the schema of an object has the fields of a struct and no others, with their types, and requires what is never left out.
func compare(t *testing.T, s shape, kind reflect.Type) {
	t.Helper()
	fields, required := jsonFields(kind)
	types := map[string]string{}
	for name, property := range s.Properties {
		types[name] = property.Type
		if property.Ref == "#/$defs/id" {
			types[name] = "integer"
		}
		if property.Text == "" {
			t.Errorf("%s has no description", name)
		}
	}
	if diff := cmp.Diff(fields, types); diff != "" {
		t.Errorf("fields of the struct and of the schema (-want +got):\n%s", diff)
	}
	slices.Sort(s.Required)
	if diff := cmp.Diff(required, s.Required); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
	if s.Type != "object" || s.Additional != false {
		t.Errorf("type %q, additionalProperties %v, want an object with no others", s.Type, s.Additional)
	}
}

// explained checks that the page for readers has every field.
func explained(t *testing.T, s shape) {
	t.Helper()
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.Properties {
		if !bytes.Contains(page, []byte("`"+name+"`")) && !bytes.Contains(page, []byte("."+name+"`")) {
			t.Errorf("docs/events.md does not explain %s", name)
		}
	}
}

// jsonFields returns the JSON fields of a struct with their JSON types, those of embedded structs among them, and the names that are always there.
func jsonFields(kind reflect.Type) (types map[string]string, required []string) {
	types = map[string]string{}
	for field := range kind.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			inner, more := jsonFields(field.Type)
			maps.Copy(types, inner)
			required = append(required, more...)
			continue
		}
		types[name] = jsonType(field.Type)
		if options == "" {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	return types, required
}

func jsonType(kind reflect.Type) string {
	switch kind {
	case reflect.TypeFor[event.ID]():
		return "integer"
	case reflect.TypeFor[event.Fields]():
		return "object"
	case reflect.TypeFor[event.Moment]():
		return "string"
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return jsonType(kind.Elem())
	case reflect.String:
		return "string"
	case reflect.Slice:
		return "array"
	case reflect.Int64, reflect.Uint32:
		return "integer"
	case reflect.Bool:
		return "boolean"
	default:
		if kind.PkgPath() == "time" {
			return "string"
		}
		return "object"
	}
}
