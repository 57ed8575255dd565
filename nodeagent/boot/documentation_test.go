package boot

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "../../docs/boot.md"

// The table of docs/boot.md says what was tested how. It is made of the fixtures, so that it cannot claim more than they do.
func TestDocumentationHasTheTableOfWhatWasTested(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/boot.md has no place for the table")
	}
	table := tableOf(t)
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table, old); diff != "" {
		t.Error("run the test with -update (-want +got)", diff)
	}
}

// tableOf has a line for each fixture: loader, name, verdicts, findings, how it was tested.
func tableOf(t *testing.T) string {
	t.Helper()
	lines := map[string]string{}
	for _, f := range fixtures(t) {
		r := Look(f.tree(t))
		ids := map[string]bool{}
		for _, finding := range r.Findings {
			ids["`"+string(finding.ID)+"`"] = true
		}
		lines[string(r.Loader)+" "+f.name] = fmt.Sprintf("| %s | [%s](../nodeagent/boot/testdata/%s.txtar) | %s | %s | %s | %s |\n",
			r.Loader, f.name, f.name, r.Running.Audit, r.Next.Audit, strings.Join(slices.Sorted(maps.Keys(ids)), " "), f.tested)
	}
	table := "| loader | fixture | running | next | findings | tested with |\n|---|---|---|---|---|---|\n"
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		table += lines[key]
	}
	return table
}

// Each kind of finding is explained, and some fixture gives it.
func TestDocumentationExplainsEachFinding(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	given := tableOf(t)
	for _, id := range declaredIDs(t) {
		if !strings.Contains(string(text), "\n| `"+id+"` | ") {
			t.Errorf("docs/boot.md does not explain %s", id)
		}
		if !strings.Contains(given, "`"+id+"`") {
			t.Errorf("no fixture gives %s", id)
		}
	}
}

func declaredIDs(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "finding.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "ID" {
				ids = append(ids, strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
			}
		}
		return true
	})
	if len(ids) == 0 {
		t.Fatal("finding.go declares no kind of finding")
	}
	return ids
}
