package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/nodeaudit/nodeaudit/"

// A fence says what the packages below one path may import. Paths are relative to the module; "std" is the standard library.
type fence struct {
	name   string
	below  []string
	except []string
	allow  []string // when not nil, nothing else may be imported directly
	deny   []string // neither directly nor through another package of the module
}

var fences = []fence{
	{
		name:  "the controller never imports the agent",
		below: []string{"controllers/"},
		deny:  []string{module + "nodeagent"},
	},
	{
		name:  "the agent never imports the controller",
		below: []string{"nodeagent"},
		deny:  []string{module + "controllers"},
	},
	{
		name:  "api imports nothing of the programs",
		below: []string{"api/"},
		deny:  []string{module + "controllers", module + "nodeagent", module + "cmd", "sigs.k8s.io/controller-runtime", "k8s.io/client-go"},
	},
	{
		name:  "the rule language is pure and knows nothing but the standard library",
		below: []string{"api/rule"},
		allow: []string{"std", module + "api/rule"},
		deny:  effects,
	},
	{
		name:  "the expression language is pure and knows nothing but its library",
		below: []string{"api/expr"},
		allow: []string{"std", "github.com/google/cel-go/"},
		deny:  effects,
	},
	{
		name:  "decisions of the controller are pure functions of values",
		below: []string{"controllers/compile", "controllers/rollup", "controllers/rollout"},
		allow: []string{"std", module + "api/", "k8s.io/apimachinery/"},
		deny:  slices.Concat(effects, []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime"}),
	},
	{
		name:  "forms are functions of an event and know nothing but the standard library",
		below: []string{"nodeagent/form"},
		allow: []string{"std", module + "nodeagent/event"},
		deny:  effects,
	},
	{
		name:  "an index, and what is missing, are functions of lines and know nothing but the event",
		below: []string{"nodeagent/index", "nodeagent/hole"},
		allow: []string{"std", module + "nodeagent/event"},
		deny:  effects,
	},
	{
		name: "who speaks with the node knows nothing of Kubernetes",
		below: []string{
			"nodeagent/kernel", "nodeagent/host", "nodeagent/boot", "nodeagent/receive", "nodeagent/onhost", "nodeagent/configure", "nodeagent/stage",
			"cmd/earlyrules",
		},
		deny: []string{"k8s.io/", "sigs.k8s.io/", module + "api/v1alpha1", module + "api/nodeconfig"},
	},
	{
		name:  "when to stop fighting is a pure function of values",
		below: []string{"nodeagent/contest"},
		allow: []string{"std"},
		deny:  effects,
	},
	{
		name: "the policy road does not import the event road",
		below: []string{
			"nodeagent/desired", "nodeagent/kernel", "nodeagent/converge", "nodeagent/publish", "nodeagent/boot", "nodeagent/onhost", "nodeagent/configure",
			"nodeagent/stage", "nodeagent/contest", "nodeagent/reboot",
		},
		deny: eventRoad,
	},
	{
		name:  "the event road does not import the policy road",
		below: eventRoadPaths,
		deny: []string{
			module + "nodeagent/desired", module + "nodeagent/kernel", module + "nodeagent/converge", module + "nodeagent/publish", module + "nodeagent/boot",
			module + "nodeagent/contest", module + "nodeagent/reboot",
		},
	},
	{
		name:   "a stage of the event road imports event and no other stage",
		below:  eventRoadPaths,
		except: []string{"nodeagent/pipeline", "nodeagent/event"},
		deny:   slices.DeleteFunc(slices.Clone(eventRoad), func(p string) bool { return p == module+"nodeagent/event" }),
	},
}

// effects are the packages of the standard library through which a pure package would stop being one.
var effects = []string{"os", "os/exec", "net", "net/http", "log", "log/slog", "syscall"}

var eventRoadPaths = []string{
	"nodeagent/event", "nodeagent/receive", "nodeagent/logfile", "nodeagent/reassemble", "nodeagent/decode", "nodeagent/enrich", "nodeagent/filter",
	"nodeagent/route", "nodeagent/form", "nodeagent/sink", "nodeagent/pipeline",
}

var eventRoad = prefixed(eventRoadPaths)

func prefixed(paths []string) []string {
	full := make([]string, len(paths))
	for i, p := range paths {
		full[i] = module + p
	}
	return full
}

type listed struct {
	ImportPath string
	Name       string
	Dir        string
	GoFiles    []string
	Imports    []string
	Standard   bool
}

func TestPackagesKeepTheirFences(t *testing.T) {
	packages := list(t)
	for _, f := range fences {
		t.Run(f.name, func(t *testing.T) {
			for _, p := range packages {
				if f.covers(p.ImportPath) {
					f.check(t, p, packages)
				}
			}
		})
	}
}

func (f fence) covers(importPath string) bool {
	path := strings.TrimPrefix(importPath, module)
	return slices.ContainsFunc(f.below, func(b string) bool { return within(path, b) }) &&
		!slices.ContainsFunc(f.except, func(e string) bool { return within(path, e) })
}

func (f fence) check(t *testing.T, p listed, packages map[string]listed) {
	t.Helper()
	own := subtree(f.below, p.ImportPath)
	for _, imported := range p.Imports {
		if f.allow != nil && !allowed(f.allow, imported, packages) {
			t.Errorf("%s imports %s: only %s may be imported here", p.ImportPath, imported, strings.Join(f.allow, ", "))
		}
	}
	for path, via := range reach(p, packages) {
		if within(path, own) {
			continue // a sub-package of the same stage, such as its contract test
		}
		if slices.ContainsFunc(f.deny, func(d string) bool { return denied(path, d) }) {
			t.Errorf("%s imports %s (through %s): %s", p.ImportPath, path, via, f.name)
		}
	}
}

// subtree is the entry of below, with the module's name, that covers the package.
func subtree(below []string, importPath string) string {
	for _, b := range below {
		if within(strings.TrimPrefix(importPath, module), b) {
			return module + b
		}
	}
	return importPath
}

// reach returns what the package imports, directly or through packages of the module, with the importer of each.
func reach(from listed, packages map[string]listed) map[string]string {
	found := map[string]string{}
	queue := []listed{from}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, imported := range p.Imports {
			if _, seen := found[imported]; seen {
				continue
			}
			found[imported] = p.ImportPath
			if strings.HasPrefix(imported, module) {
				queue = append(queue, packages[imported])
			}
		}
	}
	return found
}

func allowed(allow []string, path string, packages map[string]listed) bool {
	return slices.ContainsFunc(allow, func(a string) bool {
		if a == "std" {
			return packages[path].Standard
		}
		return within(path, a) || strings.HasPrefix(path, a)
	})
}

// denied compares a path with an entry of a deny list: a path of the standard library stands for itself, any other for all below it.
func denied(path, entry string) bool {
	if !strings.Contains(entry, ".") {
		return path == entry
	}
	return within(path, entry)
}

func within(path, parent string) bool {
	parent = strings.TrimSuffix(parent, "/")
	return path == parent || strings.HasPrefix(path, parent+"/")
}

// list returns the packages of the module and all that they import.
func list(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Name,Dir,GoFiles,Imports,Standard", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("reading the output of go list: %v", err)
		}
		packages[p.ImportPath] = p
	}
}
