package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// So must what people of a namespace copy. The first block of the page is values of the chart.
func TestTheExamplesOfTenantsAreTaken(t *testing.T) {
	s := cluster(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "tenants.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) != 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	values, _, _ := strings.Cut(blocks[0], "```")
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	render(t, "--values="+file)
	for _, block := range blocks[1:] {
		example, _, _ := strings.Cut(block, "```")
		for _, o := range parse(t, strings.ReplaceAll(example, "namespace: shop", "namespace: default")) {
			if err := s.admin.Create(t.Context(), o, client.DryRunAll, &client.CreateOptions{FieldValidation: "Strict"}); err != nil {
				t.Errorf("%s: %v", o.GetName(), err)
			}
		}
	}
}

// What people copy from the page on sinks must be taken as it stands.
func TestTheExamplesOfSinksAreTaken(t *testing.T) {
	s := cluster(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "sinks.md"))
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for part := range strings.SplitSeq(string(text), "```yaml\n") {
		example, _, found := strings.Cut(part, "```")
		if !found || !strings.HasPrefix(example, "apiVersion:") {
			continue
		}
		for _, o := range parse(t, example) {
			taken++
			if err := s.admin.Create(t.Context(), o, client.DryRunAll, &client.CreateOptions{FieldValidation: "Strict"}); err != nil {
				t.Errorf("%s: %v", o.GetName(), err)
			}
		}
	}
	if taken < 10 {
		t.Errorf("only %d examples were found", taken)
	}
}
