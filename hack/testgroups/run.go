package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A result is what became of a group.
type result struct {
	group   group
	took    time.Duration
	missing []string // needs of the group that this machine does not have: it did not run
	passed  int
	failed  []string
	skipped []skip
	broken  string // the group as a whole failed, with what go test said
}

// A skip is a test that did not run.
type skip struct {
	test, why string
}

// A line is one line of `go test -json`, see `go doc test2json`.
type line struct {
	Action      string
	Package     string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string // what of the package does not build
}

// run runs the group and shows each package as it ends, and the output of what failed.
func (g group) run(ctx context.Context, out io.Writer) result {
	r := result{group: g}
	for _, n := range g.needs {
		if why := n.missing(); why != "" {
			r.missing = append(r.missing, fmt.Sprintf("needs %s: %s", n.name, why))
		}
	}
	if r.missing != nil {
		return r
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, g.args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // tests clean up after themselves
	cmd.WaitDelay = time.Minute
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.broken = err.Error()
		return r
	}
	r.read(stdout, out)
	if err := cmd.Wait(); err != nil && len(r.failed) == 0 {
		r.broken = strings.TrimSpace(err.Error() + "\n" + stderr.String())
	}
	return r
}

func (r *result) read(lines io.Reader, out io.Writer) {
	said := map[string]*strings.Builder{} // by package and test
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var l line
		if json.Unmarshal(scanner.Bytes(), &l) != nil {
			fmt.Fprintln(out, scanner.Text())
			continue
		}
		key := l.Package + " " + l.Test
		if said[key] == nil {
			said[key] = &strings.Builder{}
		}
		switch l.Action {
		case "output", "build-output":
			said[key].WriteString(l.Output)
		case "pass", "fail", "skip", "build-fail":
			r.end(l, said[key].String(), out)
			delete(said, key)
		}
	}
}

// end takes note of the end of a test, or of a package where the line names no test.
func (r *result) end(l line, said string, out io.Writer) {
	name := strings.TrimPrefix(l.Package, "github.com/nodeaudit/nodeaudit/")
	switch {
	case l.Action == "build-fail":
		fmt.Fprint(out, said) // the package that does not build follows
	case l.FailedBuild != "":
		r.failed = append(r.failed, name+" (does not build)")
	case l.Action == "fail" && l.Test == "" && !strings.Contains(said, "FAIL\n"):
		r.failed = append(r.failed, name+" (ended before its first test)")
		fmt.Fprint(out, said)
	case l.Test == "" && l.Action == "skip":
		return // no test files
	case l.Test == "":
		fmt.Fprintf(out, "   %-4s %s (%.1f s)\n", l.Action, name, l.Elapsed)
		if l.Action == "fail" {
			fmt.Fprint(out, said)
		}
	case l.Action == "pass":
		r.passed++
	case l.Action == "skip":
		r.skipped = append(r.skipped, skip{name + " " + l.Test, reason(said)})
	default:
		r.failed = append(r.failed, name+" "+l.Test)
		fmt.Fprint(out, said)
	}
}

// reason finds the message in the output of a skipped test: `    file_test.go:12: needs root`.
func reason(said string) string {
	for l := range strings.SplitSeq(said, "\n") {
		if _, message, found := strings.Cut(l, ".go:"); found {
			if _, message, found = strings.Cut(message, ": "); found {
				return message
			}
		}
	}
	return "no reason given"
}
