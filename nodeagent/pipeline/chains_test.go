package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

func TestLogsAreTheFilesOfThisNodeWithTheirLatestCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := road(t, Options{StateDir: t.TempDir(), Stdout: &out})
		if got := p.Logs(); len(got) > 0 {
			t.Errorf("before the first event they are %+v", got)
		}
		p.Configure(
			[]v1alpha1.Route{to("docker", "docker", "out")},
			[]nodeconfig.Sink{fileSink("docker", "docker.log", 3), {Name: "out", Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout}}},
		)
		var last []v1alpha1.LogReport
		for range 3 {
			p.happens(1, 1, "docker")
			p.happens(2, 1, "other")
			time.Sleep(2 * time.Second) // longer than lines may be uncovered
			got := p.Logs()
			if diff := cmp.Diff(p.written(t), got); diff != "" {
				t.Fatalf("logs (-in the files +told):\n%s", diff)
			}
			if cmp.Equal(last, got, cmpopts.IgnoreFields(v1alpha1.LogCheckpoint{}, "Time")) {
				t.Fatalf("after more events they are still %+v", got)
			}
			last = got
		}
		p.sinks.stopAll()
		if out.Len() == 0 || bytes.Contains(out.Bytes(), []byte(chain.Type)) {
			t.Errorf("standard output has %s", out.Bytes())
		}
	})
}

// written is what Logs should tell, from the last checkpoint of each file.
func (p *Pipeline) written(t *testing.T) []v1alpha1.LogReport {
	t.Helper()
	var list []v1alpha1.LogReport
	for _, name := range []string{"audit.log", "docker.log"} {
		text, err := os.ReadFile(filepath.Join(p.options.LogDir, name))
		if err != nil {
			t.Fatal(err)
		}
		var last chain.Checkpoint
		for line := range bytes.Lines(text) {
			if found, ok := chain.Parse(line); ok {
				last = found
			}
		}
		report := v1alpha1.LogReport{File: name, PublicKey: chain.PublicText(last.Key)}
		report.Latest.Sequence, report.Latest.Hash, report.Latest.Time.Time = int64(last.Sequence), last.Hash().String(), last.Time
		list = append(list, report)
	}
	return list
}

func TestWithoutAKeyFilesAreWrittenAndNotSigned(t *testing.T) {
	state := t.TempDir()
	if err := os.MkdirAll(filepath.Join(state, chain.Dir, "key.pem"), 0o700); err != nil { // nothing that could be read as a key
		t.Fatal(err)
	}
	p := road(t, Options{StateDir: state})
	p.happens(1, 1, "k")
	if diff := cmp.Diff(map[string][]string{"audit.log": {"k"}}, p.keys(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := p.Logs(); len(got) > 0 {
		t.Errorf("logs are %+v", got)
	}
}
