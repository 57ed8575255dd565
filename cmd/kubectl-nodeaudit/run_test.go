package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// policy is a manifest with the lines of a spec, which stand from line 5 on.
func policy(name string, spec ...string) string {
	return "apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: " + name + "}\nspec:\n  " + strings.Join(spec, "\n  ") + "\n"
}

// ran is what a call of the program gave.
type ran struct {
	out, words, err string
}

// run calls the program in a directory with the files.
func run(t *testing.T, files map[string]string, stdin string, args ...string) ran {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, words bytes.Buffer
	c := command("nodeaudit", strings.NewReader(stdin), &out, &words)
	c.SetArgs(args)
	err := c.Execute()
	r := ran{out: out.String(), words: words.String()}
	if err != nil {
		r.err = err.Error()
	}
	return r
}
