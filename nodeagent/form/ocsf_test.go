package form

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// ocsfClasses are the schemas of the classes by their uid.
type ocsfClasses struct {
	compiler *jsonschema.Compiler
	compiled map[int]*jsonschema.Schema
}

func loadOCSF(tb testing.TB) *ocsfClasses {
	tb.Helper()
	file, err := os.Open("testdata/schemas/ocsf.json")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		tb.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("ocsf.json", document); err != nil {
		tb.Fatal(err)
	}
	return &ocsfClasses{compiler, map[int]*jsonschema.Schema{}}
}

// validate returns the class of an event in its OCSF form.
func (c *ocsfClasses) validate(line []byte) (uid int, err error) {
	var head struct {
		Class int `json:"class_uid"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return 0, err
	}
	if c.compiled[head.Class] == nil {
		if c.compiled[head.Class], err = c.compiler.Compile(fmt.Sprintf("ocsf.json#/$defs/class_%d", head.Class)); err != nil {
			return head.Class, err
		}
	}
	var value any
	if err := json.Unmarshal(line, &value); err != nil {
		return head.Class, err
	}
	return head.Class, c.compiled[head.Class].Validate(value)
}

func TestOCSFEventsAreValid(t *testing.T) {
	classes := loadOCSF(t)
	met := map[int]int{}
	for _, e := range allEvents(t) {
		line, err := appendOCSF(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		uid, err := classes.validate(line)
		if err != nil {
			t.Errorf("%s\n%s", err, line)
		}
		met[uid]++
	}
	t.Logf("events of each class: %v", met)
	for _, c := range []*class{
		baseEvent, fileActivity, kernelExtensionActivity, kernelActivity, processActivity, eventLogActivity, accountChange, authentication, groupManagement,
		networkActivity, applicationLifecycle,
	} {
		if met[c.uid] == 0 {
			t.Errorf("no event is of class %d, %s", c.uid, c.name)
		}
	}
}

func TestTheSchemaOfOCSFRefusesWhatIsWrong(t *testing.T) {
	classes := loadOCSF(t)
	good, err := appendOCSF(nil, &event.Event{Type: "SYSCALL", Call: event.Call{Syscall: "execve"}, Process: event.Process{PID: event.NewID(7)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"an attribute that the class does not have": func(e map[string]any) { e["colour"] = "red" },
		"a required attribute that is not there":    func(e map[string]any) { delete(e, "metadata") },
		"a number that is none of the enumeration":  func(e map[string]any) { e["severity_id"] = 17 },
		"a type that is not the class's":            func(e map[string]any) { e["type_uid"] = 100102 },
		"a word that is not the number's":           func(e map[string]any) { e["status"] = "Failure" },
		"a process without a number":                func(e map[string]any) { e["process"] = map[string]any{"path": "/"} },
		"an array in place of a text":               func(e map[string]any) { e["message"] = []any{"a"} },
	} {
		t.Run(name, func(t *testing.T) {
			var e map[string]any
			if err := json.Unmarshal(good, &e); err != nil {
				t.Fatal(err)
			}
			change(e)
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := classes.validate(line); err == nil {
				t.Errorf("%s is valid", line)
			}
		})
	}
}
