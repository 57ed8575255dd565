//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A line is what these tests look at of an event.
type line struct {
	Type, Syscall, Comm string
	PID                 uint32
	Args                []string
	Who                 struct {
		Namespace string
		Actor     *actor
	}
}

type actor struct {
	Confidence, Via, User, ImpersonatedBy string
	Candidates                            []actor
}

func (l line) command() string { return strings.Join(l.Args, " ") }

func (a *actor) String() string {
	switch {
	case a == nil:
		return "nobody"
	case a.Candidates == nil:
		return a.who() + " " + a.Confidence + " " + a.Via
	}
	var all []string
	for _, c := range a.Candidates {
		all = append(all, c.who()+" "+c.Via)
	}
	slices.Sort(all)
	return a.Confidence + ": " + strings.Join(all, ", ")
}

func (a *actor) who() string {
	if a.ImpersonatedBy == "" {
		return a.User
	}
	return a.User + " (" + a.ImpersonatedBy + ")"
}

// is returns whether an event is of a command, any where none is given, and has an actor.
func is(command, who string) func(line) bool {
	return func(l line) bool { return (command == "" || l.command() == command) && l.Who.Actor.String() == who }
}

// await waits for an event.
func await(t *testing.T, events func() ([]line, error), wanted func(line) bool) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		lines, err := events()
		if slices.ContainsFunc(lines, wanted) {
			return nil
		}
		if err == nil {
			err = errors.New("not there")
		}
		var there strings.Builder
		for _, l := range lines {
			fmt.Fprintf(&there, "\n%s %s %q: %s", l.Type, l.Comm, l.command(), l.Who.Actor)
		}
		return fmt.Errorf("%w; there are:%s", err, there.String())
	})
}

// written are the events of these tests' pods as the agent has written them.
func written() ([]line, error) {
	text, err := os.ReadFile(filepath.Join(root, ".local/cluster/nodes", hostNode, "var/log/nodeaudit", signedLog))
	return parse(text), err
}

// searcher is nodeaudit search on the node.
func searcher(t *testing.T) func(args ...string) func() ([]line, error) {
	t.Helper()
	program := filepath.Join(root, ".local/cluster/nodeaudit")
	if err := command("go", "build", "-o", program, "./cmd/kubectl-nodeaudit"); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) func() ([]line, error) {
		return func() ([]line, error) {
			var words bytes.Buffer
			cmd := exec.CommandContext(t.Context(), filepath.Join(root, "hack/cluster/exec.sh"), append([]string{hostNode, program, "search", "--namespace", actorSpace}, args...)...)
			cmd.Stderr = &words
			out, err := cmd.Output()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, words.Bytes())
			}
			return parse(out), err
		}
	}
}

func parse(text []byte) []line {
	var lines []line
	for one := range bytes.Lines(text) {
		var l line
		if json.Unmarshal(one, &l) == nil && l.Who.Namespace == actorSpace {
			lines = append(lines, l)
		}
	}
	return lines
}
