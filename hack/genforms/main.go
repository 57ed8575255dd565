// Genforms writes what the tests of nodeagent/form compare with: the schema of OCSF as JSON Schema, the fields of the Elastic Common Schema, the
// attributes of OpenTelemetry's semantic conventions, and the names of the fields that Sigma's rules for auditd use.
//
// It reads folders with those repositories and takes from each only names and types:
//
//	go run ./hack/genforms -ocsf ocsf-schema -ecs ecs -otel semantic-conventions -sigma sigma
//
// testdata/schemas/README.md there says which versions these were. It is run by hand, when a version changes.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const into = "nodeagent/form/testdata/schemas"

// sources are the repositories, by their flags, and what makes a file of each.
var sources = []struct {
	name, file string
	read       func(dir string) (any, error)
	dir        *string
}{
	{"ocsf", "ocsf.json", ocsf, flag.String("ocsf", "", "folder with github.com/ocsf/ocsf-schema")},
	{"ecs", "ecs.json", ecs, flag.String("ecs", "", "folder with github.com/elastic/ecs")},
	{"otel", "otel.json", otel, flag.String("otel", "", "folder with github.com/open-telemetry/semantic-conventions")},
	{"sigma", "sigma.json", sigma, flag.String("sigma", "", "folder with github.com/SigmaHQ/sigma")},
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "genforms:", err)
		os.Exit(1)
	}
}

func run() error {
	for _, source := range sources {
		if *source.dir == "" {
			continue
		}
		found, err := source.read(*source.dir)
		if err != nil {
			return fmt.Errorf("reading %s: %w", source.name, err)
		}
		text, err := json.MarshalIndent(found, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, source.file), append(text, '\n'), 0o600); err != nil {
			return err
		}
	}
	return nil
}
