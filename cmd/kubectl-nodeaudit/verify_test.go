package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/hole"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// signedNode writes a node's log as the agent does, in several packed files, and its status and key.
func signedNode(t *testing.T) (logs, status, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	logs = filepath.Join(dir, "logs")
	key, err := chain.Key(dir)
	if err != nil {
		t.Fatal(err)
	}
	links := chain.New(chain.Options{Node: "worker-1", File: "audit.log", Key: key, StateDir: dir})
	for range 2 { // the second New packs what the first left
		w, err := file.New(file.Options{Path: "audit.log", Dir: logs, MaxSize: 1 << 16, MaxFiles: 20, Chain: links, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		hole := event.Hole{Where: event.LossGap, Count: 3, Since: time.Unix(1_700_000_000, 0)}
		for _, events := range [][]*event.Event{sinktest.Events(200), {hole.Event("worker-1", time.Unix(1_700_000_001, 0))}, sinktest.Events(50)} {
			if err := w.Write(t.Context(), events); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	latest := links.Latest()
	public := chain.PublicText(latest.Key)
	text, err := sigsyaml.Marshal(v1alpha1.NodeAuditStatus{
		TypeMeta: metav1.TypeMeta{Kind: "NodeAuditStatus"}, ObjectMeta: metav1.ObjectMeta{Name: "worker-1"},
		Status: v1alpha1.NodeAuditReport{Logs: []v1alpha1.LogReport{{
			File: "audit.log", PublicKey: public,
			Latest: v1alpha1.LogCheckpoint{Sequence: int64(latest.Sequence), Hash: latest.Hash().String(), Time: metav1.NewTime(latest.Time)},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, keyFile = filepath.Join(dir, "status.yaml"), filepath.Join(dir, "key.pub")
	for path, text := range map[string][]byte{status: text, keyFile: []byte(public + "\n")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return logs, status, keyFile
}

func TestVerify(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, logs string)
		want   string // among what is printed
		found  bool
	}{
		"an untouched log is as it was signed": {nil, ": as they were signed", false},
		"a changed line is named": {func(t *testing.T, logs string) {
			t.Helper()
			rewrite(t, filepath.Join(logs, "audit.log"), func(text []byte) []byte { return bytes.Replace(text, []byte("cart-0"), []byte("cart-1"), 1) })
		}, "audit.log: they were changed: as many as were signed", true},
		"a removed file is noticed": {func(t *testing.T, logs string) {
			t.Helper()
			if err := os.Remove(filepath.Join(logs, "audit.log.2")); err != nil {
				t.Fatal(err)
			}
		}, "lines or files were removed", true},
		"a cut end is noticed": {func(t *testing.T, logs string) {
			t.Helper()
			rewrite(t, filepath.Join(logs, "audit.log"), func([]byte) []byte { return nil })
		}, "the end was cut off", true},
		"what the agent has counted as lost is told": {nil, "the agent had counted a loss of 6 (gap)", false},
	} {
		t.Run(name, func(t *testing.T) {
			logs, status, _ := signedNode(t)
			if test.change != nil {
				test.change(t, logs)
			}
			out, err := verifyOutput("verify", "--status", status, logs)
			if (err != nil) != test.found || !strings.Contains(out, test.want) {
				t.Errorf("error %v and\n%s", err, out)
			}
		})
	}
}

func rewrite(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func verifyOutput(args ...string) (string, error) {
	var out, words bytes.Buffer
	c := command("nodeaudit", strings.NewReader(""), &out, &words)
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

func TestVerifySaysWhatItCouldNotCheck(t *testing.T) {
	logs, _, key := signedNode(t)
	for want, args := range map[string][]string{
		"only the chain was checked":                              {"verify", logs},
		"whether the end was cut off cannot be told":              {"verify", "--key", key, logs},
		"are not here: older files were rotated away, or removed": {"verify", "--key", key, filepath.Join(logs, "audit.log")},
	} {
		out, err := verifyOutput(args...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v: error %v and\n%s", args, err, out)
		}
	}
}

func TestVerifyIsForScripts(t *testing.T) {
	logs, status, _ := signedNode(t)
	out, err := verifyOutput("verify", "-o", "json", "--status", status, logs)
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Node       string
		KeyChecked bool
		Lines      int64
		Findings   []chain.Finding
		Holes      hole.Report
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Node != "worker-1" || !got[0].KeyChecked || got[0].Lines != 502 || got[0].Findings == nil || got[0].Holes.Told != 2 {
		t.Errorf("printed %s", out)
	}
}

func TestVerifyFindsALogOfWhichNothingIsLeft(t *testing.T) {
	logs, status, _ := signedNode(t)
	for _, name := range []string{"audit.log", "audit.log.1", "audit.log.2", "audit.log.3", "audit.log.4", "audit.log.5", "audit.log.6"} {
		_ = os.Remove(filepath.Join(logs, name))
	}
	rewriteNew(t, filepath.Join(logs, "other.log"))
	out, err := verifyOutput("verify", "--status", status, logs)
	if err == nil || !strings.Contains(out, "audit.log: 0 lines in 0 files") {
		t.Errorf("error %v and\n%s", err, out)
	}
}

func rewriteNew(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
