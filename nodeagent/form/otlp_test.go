package form

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestAttributesAreThoseOfTheSemanticConventions(t *testing.T) {
	known := map[string]string{}
	load(t, "otel.json", &known)
	kinds := map[AttributeKind]string{TextAttribute: "string", NumberAttribute: "int", TextsAttribute: "string[]"}
	for _, e := range allEvents(t) {
		met := map[string]bool{}
		check := func(a Attribute) {
			if met[a.Name] {
				t.Errorf("%s is there twice", a.Name)
			}
			met[a.Name] = true
			if a.Kind == TextAttribute && a.Text == "" || a.Kind == TextsAttribute && len(a.Texts) == 0 {
				t.Errorf("%s has no value", a.Name)
			}
			name := a.Name
			if strings.HasPrefix(name, "k8s.pod.label.") {
				name = "k8s.pod.label"
			}
			kind, is := known[name]
			if !is && !strings.HasPrefix(name, "audit.") {
				t.Errorf("the semantic conventions have no %s", name)
			}
			if kind = strings.TrimSuffix(strings.TrimPrefix(kind, "template["), "]"); is && kinds[a.Kind] != kind && kinds[a.Kind] != kind+"]" {
				t.Errorf("%s is a %s, want a %s", name, kinds[a.Kind], kind)
			}
		}
		for a := range Resource(e) {
			check(a)
		}
		for a := range Attributes(e) {
			check(a)
		}
		if !strings.HasPrefix(EventName(e), "audit.") || strings.ContainsAny(EventName(e), "- ") {
			t.Errorf("the event's name is %q", EventName(e))
		}
	}
}

func TestOTLP(t *testing.T) {
	e := whole()
	e.Type, e.Syscall, e.Time = "SYSCALL", "rename", time.UnixMilli(1_700_000_000_123)
	line, err := appendOTLP(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	type value struct {
		StringValue string
		IntValue    string
		ArrayValue  struct {
			Values []struct{ StringValue string }
		}
	}
	type attribute struct {
		Key   string
		Value value
	}
	var got struct {
		ResourceLogs []struct {
			Resource  struct{ Attributes []attribute }
			SchemaURL string `json:"schemaUrl"`
			ScopeLogs []struct {
				LogRecords []struct {
					TimeUnixNano   string
					SeverityNumber int
					EventName      string
					Body           value
					Attributes     []attribute
				}
			}
		}
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	resource := got.ResourceLogs[0]
	record := resource.ScopeLogs[0].LogRecords[0]
	if record.TimeUnixNano != "1700000000123000000" || record.SeverityNumber != 9 || record.EventName != "audit.renamed" || resource.SchemaURL != SchemaURL {
		t.Errorf("the record is %+v", record)
	}
	native, err := event.AppendLine(nil, e)
	if diff := cmp.Diff(string(native), record.Body.StringValue+"\n"); diff != "" || err != nil {
		t.Errorf("the body, %v (-native +got):\n%s", err, diff)
	}
	values := map[string]value{}
	for _, a := range append(resource.Resource.Attributes, record.Attributes...) {
		values[a.Key] = a.Value
	}
	for name, want := range map[string]string{
		"k8s.pod.name": "web-0", "container.image.name": "registry.example:5000/web", "file.path": "/srv/data/new", "process.user.name": "root",
		"k8s.pod.label.tier": "front", "network.peer.address": "fe80::1", "audit.field.sig": "SIGSEGV",
	} {
		if values[name].StringValue != want {
			t.Errorf("%s is %q, want %q", name, values[name].StringValue, want)
		}
	}
	if values["process.pid"].IntValue != "7" || len(values["process.command_args"].ArrayValue.Values) != 3 {
		t.Errorf("pid %+v, args %+v", values["process.pid"], values["process.command_args"])
	}
}

func TestAttributesEndWhenTheReaderDoes(t *testing.T) {
	read := 0
	for range Attributes(whole()) {
		if read++; read == 3 {
			break
		}
	}
	for range Resource(whole()) {
		break
	}
	if read != 3 {
		t.Errorf("%d were read", read)
	}
}

func TestSameResource(t *testing.T) {
	a, b, other := whole(), whole(), whole()
	other.Who.Container = "sidecar"
	if !SameResource(a, b) || SameResource(a, other) {
		t.Errorf("%t %t", SameResource(a, b), SameResource(a, other))
	}
}
