package compile

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing with them")

// Each archive in testdata has a node, policies, and perhaps sinks and the policies before; behind them stands what the node gets.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string][]byte{}
	inputs := slices.DeleteFunc(slices.Clone(archive.Files), func(f txtar.File) bool { return filepath.Dir(f.Name) == "want" })
	for _, f := range inputs {
		given[f.Name] = f.Data
	}
	got := &txtar.Archive{Comment: archive.Comment, Files: append(inputs, compiled(t, given)...)}
	if *update {
		if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
		t.Errorf("(-want +got), -update writes it:\n%s", diff)
	}
}

func compiled(t *testing.T, given map[string][]byte) []txtar.File {
	t.Helper()
	node := documents[Node](t, given["node.yaml"])[0]
	node.OS = node.Labels["kubernetes.io/os"]
	sinks := documents[v1alpha1.AuditSink](t, given["sinks.yaml"])
	var previous *Content
	if before := given["before.yaml"]; before != nil {
		config, rules, _ := ForNode(node, documents[v1alpha1.AuditPolicy](t, before), sinks, nil)
		previous = &Content{Config: config, Rules: rules}
	}
	config, rules, verdicts := ForNode(node, documents[v1alpha1.AuditPolicy](t, given["policies.yaml"]), sinks, previous)
	if digest := rules.Digest(); digest != config.RuleSet {
		t.Errorf("the configuration points to rule set %q, not %q", config.RuleSet, digest)
	}
	config.RuleSet = ""
	want := []txtar.File{{Name: "want/config.json", Data: indented(t, config)}}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		want = append(want, txtar.File{Name: "want/" + name + nodeconfig.RulesSuffix, Data: []byte(rules[name])})
	}
	return append(want, txtar.File{Name: "want/verdicts.json", Data: indented(t, verdicts)})
}

func indented(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func documents[T any](t *testing.T, text []byte) []T {
	t.Helper()
	var list []T
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		var item T
		if err := decoder.Decode(&item); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, item)
	}
}
