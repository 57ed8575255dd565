package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/hole"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// writesTo makes this test program one that writes a signed log until it is killed. It names a directory and the first serial.
const writesTo = "NODEAUDIT_TEST_WRITES_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writesTo); dir != "" {
		writeUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

// writeUntilKilled is an agent: every third event is for another file, every hundredth serial never comes.
func writeUntilKilled(dir string) {
	first, err := strconv.ParseUint(os.Getenv("NODEAUDIT_TEST_FIRST"), 10, 32)
	if err != nil {
		panic(err)
	}
	p := join(Options{
		NodeName: "node", HostRoot: "/", LogDir: filepath.Join(dir, "log"), StateDir: filepath.Join(dir, "state"),
		Log: slog.New(slog.DiscardHandler), OnConfigChange: func(*event.Event) {},
	})
	p.Configure([]v1alpha1.Route{to("docker", "docker")}, []nodeconfig.Sink{fileSink("docker", "docker.log", 100)})
	now := time.Now()
	for serial := uint32(first); ; serial++ {
		switch {
		case serial%100 == 0:
			p.lose(event.Hole{Where: event.LossGap, Count: 1, Since: time.Now(), Before: serial - 1, After: serial + 1})
		case serial%3 == 0:
			p.happens(serial, 1, "other")
		default:
			p.happens(serial, 1, "docker")
		}
		if serial%50 == 0 {
			p.sinks.say(&p.losses, "node")
			now = now.Add(accountEvery)
			p.sinks.settle(&p.losses, now)
			time.Sleep(time.Millisecond) // so that nothing finds the queue full
		}
	}
}

func TestAnAgentThatIsKilledLeavesALogThatGoesOn(t *testing.T) {
	dir := t.TempDir()
	const rounds = 6
	for round := range rounds {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		agent := exec.CommandContext(ctx, os.Args[0])
		agent.Env = append(os.Environ(), writesTo+"="+dir, fmt.Sprintf("NODEAUDIT_TEST_FIRST=%d", 1_000_001*(round+1)))
		if err := agent.Start(); err != nil {
			t.Fatal(err)
		}
		before := sizeOf(filepath.Join(dir, "log"))
		for sizeOf(filepath.Join(dir, "log")) < before+300<<10+int64(round)*7001 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		if err := agent.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		if err := agent.Wait(); err == nil || ctx.Err() != nil {
			t.Fatalf("the agent ended with %v before it was killed", err)
		}
		cancel()
	}
	// The last one ends as it should.
	p := join(Options{
		NodeName: "node", HostRoot: "/", LogDir: filepath.Join(dir, "log"), StateDir: filepath.Join(dir, "state"),
		Log: slog.New(slog.DiscardHandler), OnConfigChange: func(*event.Event) {},
	})
	p.Configure([]v1alpha1.Route{to("docker", "docker")}, []nodeconfig.Sink{fileSink("docker", "docker.log", 100)})
	p.happens(9_000_000, 1, "docker")
	p.happens(9_000_001, 1, "other")
	p.sinks.stopAll()
	for _, name := range []string{"docker.log", "audit.log"} {
		checkKilled(t, filepath.Join(dir, "log"), name, rounds)
	}
}

func checkKilled(t *testing.T, dir, name string, rounds int) {
	t.Helper()
	v, h := chain.NewVerifier(chain.Expected{}), hole.NewLog()
	files, err := filepath.Glob(filepath.Join(dir, name+"*"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(path string) bool { return filepath.Ext(path) == ".idx" })
	slices.SortFunc(files, func(a, b string) int { return numberOf(b) - numberOf(a) })
	var everything bytes.Buffer
	for _, path := range files {
		h.Begin(path)
		text := unpacked(t, path)
		everything.Write(text)
		if err := v.File(path, io.TeeReader(bytes.NewReader(text), h)); err != nil {
			t.Fatal(err)
		}
	}
	report := v.End()
	if len(report.Findings) > 0 || report.Uncovered > 0 || report.First != 1 || int64(report.Last) != report.Checkpoints {
		t.Errorf("%s: the report is %+v", name, report)
	}
	holes, kinds := h.Report(), map[hole.Kind]int{}
	for _, one := range holes.Holes {
		kinds[one.Kind]++
		if one.IsFinding() {
			t.Errorf("%s: %s", name, one.String())
		}
	}
	if kinds[hole.Away] < rounds || holes.Accounts < int64(rounds) || holes.Gap == 0 || holes.LeftOut == 0 {
		t.Errorf("%s: holes are %v, %d accounts, %d never came, %d left out", name, kinds, holes.Accounts, holes.Gap, holes.LeftOut)
	}
	if n := bytes.Count(everything.Bytes(), []byte("reason=restart")) + bytes.Count(everything.Bytes(), []byte("reason=torn")); n == 0 {
		t.Errorf("%s: no checkpoint says that an agent ended suddenly", name)
	}
}

// numberOf is the number of a rotated file, 0 of the current one.
func numberOf(path string) int {
	name := filepath.Base(path)
	for part := range strings.SplitSeq(name, ".") {
		if n, err := strconv.Atoi(part); err == nil {
			return n
		}
	}
	return 0
}

func unpacked(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := logfile.Unpacked(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sizeOf(dir string) (bytes int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}
