//go:build e2e

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// apiServerTells does what docs/search.md says, with the commands and files that it shows: the chart is told, and the API server starts again with a policy and
// with the webhook. It goes on so until it is next started, which nobody else minds.
func apiServerTells(t *testing.T) {
	t.Helper()
	dir := filepath.Join(root, ".local/cluster/audit")
	page := documented(t, strings.NewReplacer("/etc/kubernetes/nodeaudit", dir, "10.96.0.77", serviceAddress))
	for _, word := range []string{"helm upgrade", "kind: Config"} {
		if err := command("timeout", "3m", "bash", "-euo", "pipefail", "-c", page(word)); err != nil {
			t.Fatal(err)
		}
	}
	flags := filepath.Join(root, ".local/cluster/apiserver.flags")
	t.Cleanup(func() { _ = os.Remove(flags) })
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(page("kind: Policy")), 0o600),
		os.WriteFile(flags, []byte(page("--audit-policy-file")), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	serve(t)
	apiServer(t, "stop")
	apiServer(t, "start")
}

// documented returns a function that finds the example of docs/search.md with a word in it, with paths and addresses of here.
func documented(t *testing.T, here *strings.Replacer) func(word string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs/search.md"))
	if err != nil {
		t.Fatal(err)
	}
	fenced := regexp.MustCompile("(?ms)^( *)```\\w*\n(.*?)^ *```$").FindAllStringSubmatch(string(page), -1)
	return func(word string) string {
		t.Helper()
		for _, example := range fenced {
			if strings.Contains(example[2], word) {
				return here.Replace(regexp.MustCompile("(?m)^"+example[1]).ReplaceAllString(example[2], ""))
			}
		}
		t.Fatalf("docs/search.md has no example with %s", word)
		return ""
	}
}
