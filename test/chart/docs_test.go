package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

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
