package file

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// testKey is a key that only tests have.
func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// chained are options with a chain whose state is in a directory of its own.
func chained(tb testing.TB, dir string, options Options) Options {
	tb.Helper()
	options.Path, options.Dir = "audit.log", filepath.Join(dir, "log")
	options.Chain = chain.New(chain.Options{Node: "node-1", File: "audit.log", Key: testKey("node-1"), StateDir: filepath.Join(dir, "state"), Form: options.Form})
	return options
}

// verify reads what a directory has, as nodeaudit verify does.
func verify(t *testing.T, dir string, key ed25519.PrivateKey) chain.Report {
	t.Helper()
	v := chain.NewVerifier(chain.Expected{Keys: []ed25519.PublicKey{key.Public().(ed25519.PublicKey)}})
	files, err := newArchive(Options{Path: "audit.log", Dir: dir}).list()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(files, func(a, b rotated) int { return b.number - a.number })
	names := []string{}
	for _, file := range files {
		names = append(names, file.name("audit.log"))
	}
	for _, name := range append(names, "audit.log") {
		if err := v.File(name, bytes.NewReader(content(t, filepath.Join(dir, name)))); err != nil {
			t.Fatal(err)
		}
	}
	return v.End()
}

// clean fails where anything is found.
func clean(t *testing.T, dir string) chain.Report {
	t.Helper()
	report := verify(t, dir, testKey("node-1"))
	if diff := cmp.Diff([]chain.Finding{}, report.Findings); diff != "" {
		t.Fatalf("findings (-want +got):\n%s", diff)
	}
	return report
}

// withoutCheckpoints are the lines of the events.
func withoutCheckpoints(text []byte) []byte {
	var rest []byte
	for line := range bytes.Lines(text) {
		if !bytes.Contains(line, []byte(chain.Type)) {
			rest = append(rest, line...)
		}
	}
	return rest
}

func TestContractWithAChain(t *testing.T) {
	for name, options := range map[string]Options{
		"one file":             {MaxSize: 1 << 30, MaxFiles: 1},
		"packed files":         {MaxSize: 1 << 16, MaxFiles: 1000, Compress: true},
		"files of a few lines": {MaxSize: 4 << 10, MaxFiles: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			sinktest.Contract(t, func(t *testing.T) (sink.Writer, func() []byte) {
				t.Helper()
				options := chained(t, t.TempDir(), options)
				return open(t, options), func() []byte {
					clean(t, options.Dir)
					return withoutCheckpoints(everything(t, options.Dir))
				}
			})
		})
	}
}

func TestEveryFormHasCheckpointsThatCount(t *testing.T) {
	for _, name := range form.Names() {
		t.Run(name, func(t *testing.T) {
			asked, err := form.Named(name)
			if err != nil {
				t.Fatal(err)
			}
			options := chained(t, t.TempDir(), Options{MaxSize: 1 << 20, MaxFiles: 3, Form: asked.AppendLine})
			w := open(t, options)
			write(t, w, sinktest.Events(300))
			write(t, w, sinktest.Events(3))
			closing(t, w)
			if report := clean(t, options.Dir); report.Checkpoints != 3 || report.Lines != 303 || report.Uncovered != 0 {
				t.Errorf("the report is %+v", report)
			}
			v := chain.NewVerifier(chain.Expected{})
			if err := v.File("audit.log", bytes.NewReader(content(t, filepath.Join(options.Dir, "audit.log")))); err != nil {
				t.Fatal(err)
			}
			if report := v.End(); report.Checkpoints != 3 || report.KeyChecked || len(report.Findings) > 0 {
				t.Errorf("without a key the report is %+v", report)
			}
		})
	}
}

func TestFilesWithCheckpointsAreNotLargerThanAsked(t *testing.T) {
	options := chained(t, t.TempDir(), Options{MaxSize: 1 << 15, MaxFiles: 1000})
	w := open(t, options)
	for range 40 {
		write(t, w, sinktest.Events(7))
	}
	closing(t, w)
	for _, name := range names(t, options.Dir) {
		text := content(t, filepath.Join(options.Dir, name))
		if len(text) > 1<<15 || len(text) < 1<<14 && name != "audit.log" {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		if last := text[bytes.LastIndexByte(text[:len(text)-1], '\n')+1:]; !bytes.Contains(last, []byte(chain.Type)) {
			t.Errorf("%s ends with %.100s", name, last)
		}
	}
	clean(t, options.Dir)
}

func TestAWriterThatEndsSuddenlyLeavesAChainThatGoesOn(t *testing.T) {
	for name, test := range map[string]struct {
		first, second int // events before and after
		torn          string
		reason        string
	}{
		"with uncovered lines":     {5, 4, "", "reason=restart lines=5 "},
		"with a torn line":         {5, 4, `{"time":"20`, "reason=torn lines=6 "},
		"with nothing uncovered":   {256, 4, "", "reason=close lines=4 "},
		"right after it had begun": {0, 4, "", "reason=close lines=4 "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			options := chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3})
			killed := open(t, options)
			write(t, killed, sinktest.Events(test.first))
			kill(t, killed, test.torn)
			w := open(t, chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3}))
			write(t, w, sinktest.Events(test.second))
			closing(t, w)
			if report := clean(t, options.Dir); report.Uncovered != 0 {
				t.Errorf("the report is %+v", report)
			}
			if text := string(everything(t, options.Dir)); !strings.Contains(text, test.reason) {
				t.Errorf("no checkpoint has %q in\n%s", test.reason, text)
			}
		})
	}
}

// kill leaves a writer as kill -9 leaves it: nothing is closed in an orderly way, nothing more is written.
func kill(t *testing.T, w *Writer, torn string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopTimer()
	if _, err := w.file.WriteString(torn); err != nil {
		t.Fatal(err)
	}
	if err := w.file.Close(); err != nil {
		t.Fatal(err)
	}
	w.isClosed = true
}

func TestTheChainGoesOnInTheNextFileWhenAWriterEndsBetweenTwo(t *testing.T) {
	dir := t.TempDir()
	options := chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3})
	killed := open(t, options)
	write(t, killed, sinktest.Events(5))
	kill(t, killed, "")
	if err := os.Rename(filepath.Join(options.Dir, "audit.log"), filepath.Join(options.Dir, "audit.log.1")); err != nil {
		t.Fatal(err)
	}
	w := open(t, chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3, Compress: true}))
	write(t, w, sinktest.Events(4))
	closing(t, w)
	if report := clean(t, options.Dir); report.Last != 3 || report.Lines != 9 {
		t.Errorf("the report is %+v", report)
	}
}

func TestALogThatIsCutWhileNoAgentRunsIsNoticedLater(t *testing.T) {
	dir := t.TempDir()
	options := chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3})
	w := open(t, options)
	write(t, w, sinktest.Events(600))
	closing(t, w)
	path := filepath.Join(options.Dir, "audit.log")
	text := content(t, path)
	if err := os.WriteFile(path, text[:bytes.IndexByte(text, '\n')+1], 0o600); err != nil {
		t.Fatal(err)
	}
	w = open(t, chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3}))
	write(t, w, sinktest.Events(2))
	closing(t, w)
	report := verify(t, options.Dir, testKey("node-1"))
	if len(report.Findings) != 1 || !strings.Contains(report.Findings[0].Message, "missing before them") {
		t.Errorf("the findings are %v", report.Findings)
	}
}

func TestWhatWasThereBeforeTheChainIsNotCovered(t *testing.T) {
	dir := t.TempDir()
	options := chained(t, dir, Options{MaxSize: 1 << 20, MaxFiles: 3})
	if err := os.MkdirAll(options.Dir, 0o750); err != nil {
		t.Fatal(err)
	}
	fill(t, options.Dir, map[string]string{"audit.log": "{}\n{}\n"})
	w := open(t, options)
	write(t, w, sinktest.Events(2))
	closing(t, w)
	if report := clean(t, options.Dir); report.Before != 2 || report.Checkpoints != 2 {
		t.Errorf("the report is %+v", report)
	}
}

func TestWhatIsUncoveredForLongIsCovered(t *testing.T) {
	options := chained(t, t.TempDir(), Options{MaxSize: 1 << 20, MaxFiles: 3})
	w := open(t, options)
	write(t, w, sinktest.Events(2))
	if w.timer == nil {
		t.Error("no timer runs")
	}
	w.overdue()
	if w.timer != nil || w.chain.Uncovered() != 0 || w.chain.Latest().Lines != 2 {
		t.Errorf("%d lines are uncovered", w.chain.Uncovered())
	}
	closing(t, w)
}

func BenchmarkWriteWithAChain(b *testing.B) {
	for name, size := range map[string]int{"batches of 256": 256, "batches of 1": 1} {
		b.Run(name, func(b *testing.B) {
			w := open(b, chained(b, b.TempDir(), Options{MaxSize: 100 << 20, MaxFiles: 2}))
			events := sinktest.Events(size)
			b.SetBytes(int64(len(sinktest.Lines(b, events))))
			for b.Loop() {
				write(b, w, events)
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
			closing(b, w)
		})
	}
}
