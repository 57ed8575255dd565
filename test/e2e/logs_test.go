//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// signedLog is the file of the sink to which the policies of these tests route.
const signedLog = "docker.log"

func TestALogIsCheckedAgainstWhatItsNodeHasPublished(t *testing.T) {
	ready(t, create(t, "signed", watches("signed", "signed", 3))) // loading rules is recorded: there is something to sign
	var published v1alpha1.NodeAuditStatus
	covered := 0                                // what the published checkpoint stands behind
	eventually(t, 3*time.Minute, func() error { // it is published with the heartbeat
		if err := admin.Get(t.Context(), client.ObjectKey{Name: hostNode}, &published); err != nil {
			return err
		}
		logs := published.Status.Logs
		at := slices.IndexFunc(logs, func(l v1alpha1.LogReport) bool { return l.File == signedLog })
		if at < 0 {
			return fmt.Errorf("status.logs is %+v", logs)
		}
		lines, latest := signedLines(t), regexp.MustCompile(fmt.Sprintf(`NODEAUDIT_CHECKPOINT.*sequence\W+%d\b`, logs[at].Latest.Sequence))
		covered = slices.IndexFunc(lines, latest.Match)
		if change := slices.IndexFunc(lines, isChange); change < 0 || covered < change || logs[at].Latest.Sequence < 2 {
			return fmt.Errorf("the change is in line %d, checkpoint %d in line %d", change, logs[at].Latest.Sequence, covered)
		}
		return nil
	})
	status := filepath.Join(t.TempDir(), "status.yaml")
	published.Kind = "NodeAuditStatus"
	// The other tests' events that no route takes are in a log of their own, which is not copied.
	published.Status.Logs = slices.DeleteFunc(published.Status.Logs, func(l v1alpha1.LogReport) bool { return l.File != signedLog })
	text, err := sigsyaml.Marshal(published)
	if err == nil {
		err = os.WriteFile(status, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(lines [][]byte) [][]byte
		want   string // empty: nothing is found
	}{
		"the log as the agent has written it": {func(lines [][]byte) [][]byte { return lines }, ""},
		"a line that was removed": {func(lines [][]byte) [][]byte {
			at := slices.IndexFunc(lines, isChange)
			return slices.Delete(lines, at, at+1)
		}, "they were changed: 1 of "},
		"an end that was cut off": {func(lines [][]byte) [][]byte { return lines[:covered] }, "the end was cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyLog(t, test.change)
			err := command("go", "run", "./cmd/kubectl-nodeaudit", "verify", "--status", status, dir)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("verify says %v, want %q", err, test.want)
			}
		})
	}
}

func isChange(line []byte) bool { return bytes.Contains(line, []byte(`"CONFIG_CHANGE"`)) }

// signedLines are those of the current log of the host's node.
func signedLines(t *testing.T) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".local/cluster/nodes", hostNode, "var/log/nodeaudit", signedLog))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(bytes.Lines(text))
}

// copyLog copies the current log of the host's node with a change.
func copyLog(t *testing.T, change func(lines [][]byte) [][]byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, signedLog), bytes.Join(change(signedLines(t)), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
