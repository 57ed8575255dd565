package form

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ecsFields are the fields of ECS that the tests need.
type ecsFields struct {
	Fields  map[string]string              `json:"fields"`
	Allowed map[string]map[string][]string `json:"allowed"`
}

func load(tb testing.TB, file string, into any) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/schemas", file))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		tb.Fatal(err)
	}
}

// auditbeats are fields of users that ECS has not and Auditbeat has, https://www.elastic.co/docs/reference/beats/auditbeat/exported-fields-auditd.
var auditbeats = []string{
	"user.audit.id", "user.audit.name", "user.saved.id", "user.saved.name", "user.saved.group.id", "user.saved.group.name", "user.filesystem.id",
	"user.filesystem.name", "user.filesystem.group.id", "user.filesystem.group.name",
}

func TestECSEventsHaveOnlyFieldsOfECS(t *testing.T) {
	var schema ecsFields
	load(t, "ecs.json", &schema)
	for _, e := range allEvents(t) {
		line, err := appendECS(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		schema.check(t, "", fields)
		schema.checkCategories(t, fields["event"].(map[string]any))
		if t.Failed() {
			t.Fatalf("%s", line)
		}
	}
}

// check looks at each field below a name.
func (s *ecsFields) check(t *testing.T, below string, fields map[string]any) {
	t.Helper()
	for name, value := range fields {
		full := below + name
		if inner, is := value.(map[string]any); is && full != "auditd" {
			s.check(t, full+".", inner)
			continue
		}
		kind, known := s.Fields[full]
		if !known {
			if full != "auditd" && !slices.Contains(auditbeats, full) {
				t.Errorf("ECS has no field %s", full)
			}
			continue
		}
		if !fits(kind, value) {
			t.Errorf("%s is %v, want a value of type %s", full, value, kind)
		}
		if allowed := s.Allowed[full]; allowed != nil {
			for _, one := range list(value) {
				if _, is := allowed[one.(string)]; !is {
					t.Errorf("%s is %v, which ECS does not allow", full, value)
				}
			}
		}
	}
}

// fits says whether a value has the type of a field.
func fits(kind string, value any) bool {
	if of, is := strings.CutSuffix(kind, "[]"); is {
		values, is := value.([]any)
		return is && !slices.ContainsFunc(values, func(v any) bool { return !fits(of, v) })
	}
	switch kind {
	case "long":
		n, is := value.(float64)
		return is && n == float64(int64(n))
	case "date":
		text, is := value.(string)
		_, err := time.Parse(time.RFC3339, text)
		return is && err == nil
	case "ip":
		text, is := value.(string)
		return is && isIP(text) && !strings.Contains(text, "%")
	case "keyword", "wildcard", "match_only_text", "text":
		_, is := value.(string)
		return is
	}
	return false
}

func list(value any) []any {
	if values, is := value.([]any); is {
		return values
	}
	return []any{value}
}

// checkCategories wants each type of an event to be one that ECS expects with one of its categories.
func (s *ecsFields) checkCategories(t *testing.T, e map[string]any) {
	t.Helper()
	for _, kind := range list(e["type"]) {
		expected := false
		for _, category := range list(e["category"]) {
			expected = expected || slices.Contains(s.Allowed["event.category"][category.(string)], kind.(string))
		}
		if !expected {
			t.Errorf("ECS does not expect the type %v with the categories %v", kind, e["category"])
		}
	}
}

func TestECSAgreesWithAuditbeat(t *testing.T) {
	// What we say otherwise, and why.
	differ := map[string]string{
		"changed-promiscuous-mode-on-device": "the system call that carries the record adds no type; the category is that of the device",
		"loaded-firewall-rule-to":            "the system call that carries the record adds no category",
		"violated-apparmor-policy":           "the category is not that of the call that was refused",
	}
	theirs := auditbeatWords(t)
	compared := 0
	for _, s := range samples(t) {
		their, known := theirs[strings.TrimSuffix(s.name, "/0")]
		if !known || their.Action == "" {
			continue // it has no word
		}
		a := activityOf(s.event)
		if a.action == armorRemark.action {
			a = &armorRefusal // AppArmor's record of what it allowed and was asked to tell is a violation for go-libaudit
		}
		got, want := theirWords{a.action, a.categories, a.types}, their
		if differ[a.action] != "" {
			got.Categories, got.Types, want.Categories, want.Types = nil, nil, nil, nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-go-libaudit +nodeaudit):\n%s", s.name, diff)
		}
		compared++
	}
	t.Logf("%d events agree", compared)
	if compared < 40 {
		t.Errorf("%d events were compared", compared)
	}
}

// theirWords are what go-libaudit makes of an event.
type theirWords struct {
	Action            string
	Categories, Types []string
}

func auditbeatWords(t *testing.T) map[string]theirWords {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleDir(t, "github.com/elastic/go-libaudit/v2"), "aucoalesce/testdata/*.golden"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]theirWords{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tests []struct {
			Name  string `json:"test_name"`
			Event struct {
				Summary struct {
					Action string `json:"action"`
				} `json:"summary"`
				ECS struct {
					Event struct {
						Category []string `json:"category"`
						Type     []string `json:"type"`
					} `json:"event"`
				} `json:"ecs"`
			} `json:"event"`
		}
		if err := json.Unmarshal(text, &tests); err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			all[strings.TrimSuffix(filepath.Base(file), ".json.golden")+"/"+test.Name] = theirWords{
				test.Event.Summary.Action, test.Event.ECS.Event.Category, test.Event.ECS.Event.Type,
			}
		}
	}
	return all
}

func TestECSKeepsWhatItHasNoFieldFor(t *testing.T) {
	e := whole()
	e.Type, e.Syscall = "SYSCALL", "rename"
	line, err := appendECS(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Event struct{ Original string }
		File  struct{ Path string }
		User  struct {
			ID        string
			Effective struct{ ID string }
			Audit     struct{ Name string }
		}
		Auditd struct {
			Data  map[string]any
			Paths []struct{ Name string }
		}
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	if want := "type=SYSCALL msg=audit(0.000:42): comm=\"a\\b\"\ufffd\n\ntype=PATH msg=audit(0.000:42): "; got.Event.Original != want {
		t.Errorf("event.original is %q, want %q", got.Event.Original, want)
	}
	if got.File.Path != "/srv/data/new" || got.Auditd.Paths[1].Name != "data/old" {
		t.Errorf("paths %+v %+v", got.File, got.Auditd.Paths)
	}
	if got.User.ID != "33" || got.User.Effective.ID != "0" || got.User.Audit.Name != "alice" {
		t.Errorf("users %+v", got.User)
	}
	if got.Auditd.Data["sig"] != "SIGSEGV" || got.Auditd.Data["a0"] != "ffffff9c" {
		t.Errorf("data %+v", got.Auditd.Data)
	}
}
