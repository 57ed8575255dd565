package manifest

import (
	"strings"
	"testing"
)

const good = `# a remark
---
apiVersion: nodeaudit.dev/v1alpha1
kind: AuditPolicy
metadata: {name: one}
spec: {rules: "-w /etc/passwd -p wa -k identity"}
---
apiVersion: nodeaudit.dev/v1alpha1
kind: AuditSink
metadata: {name: out}
spec: {type: stdout}
`

func TestObjectsAreReadInOrder(t *testing.T) {
	var o Objects
	if err := o.Read([]byte(good)); err != nil {
		t.Fatal(err)
	}
	if len(o.Policies) != 1 || o.Policies[0].Name != "one" || len(o.Sinks) != 1 || o.Sinks[0].Name != "out" {
		t.Errorf("read %+v", o)
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"an unknown field":        {strings.Replace(good, "rules:", "rulez:", 1), `document 2: error unmarshaling JSON: while decoding JSON: json: unknown field "rulez"`},
		"a field twice":           {strings.Replace(good, "{type: stdout}", "{type: stdout, type: file}", 1), "document 3"},
		"another kind":            {strings.Replace(good, "AuditSink", "ConfigMap", 1), `kind is "ConfigMap": it is AuditPolicy or AuditSink`},
		"another version":         {strings.Replace(good, "v1alpha1", "v9", 1), `apiVersion is "nodeaudit.dev/v9": it is nodeaudit.dev/v1alpha1`},
		"text that is no YAML":    {"a: [", "document 1"},
		"a value of another type": {strings.Replace(good, `{rules: "-w /etc/passwd -p wa -k identity"}`, "{rules: [1]}", 1), "document 2"},
	} {
		var o Objects
		if err := o.Read([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
	}
}

func TestAFileThatIsMissingIsNamed(t *testing.T) {
	var o Objects
	if err := o.ReadFile("/nonexistent.yaml"); err == nil || !strings.Contains(err.Error(), "/nonexistent.yaml") {
		t.Errorf("ReadFile = %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(_ *testing.T, text []byte) {
		var o Objects
		_ = o.Read(text)
	})
}
