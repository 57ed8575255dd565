package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// waiting is a road whose sink is away, with events in its queue.
func waiting(t *testing.T, url string) *Pipeline {
	t.Helper()
	p := road(t, Options{StateDir: t.TempDir(), KeepQueues: 48 * time.Hour})
	p.Configure([]v1alpha1.Route{to("docker", "hook")}, []nodeconfig.Sink{hookSink(url)})
	for i := range uint32(30) {
		p.happens(i+1, 1, "docker")
	}
	await(t, p, func(r v1alpha1.SinkReport) bool { return r.Queued == 30 && r.LastError != "" })
	return p
}

func exists(t *testing.T, p *Pipeline) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(p.options.StateDir, "queues", "hook"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}

func TestTheQueueOfASinkThatIsGoneIsKeptForAWhileAndTold(t *testing.T) {
	h := newHook(t, true)
	p := waiting(t, h.URL)
	p.Configure(nil, nil)
	start := time.Now()
	p.sinks.left.sweep(start)
	events, _ := p.Report()
	if len(events.LeftQueues) != 1 || events.LeftQueues[0].Sink != "hook" || events.LeftQueues[0].Events != 30 || events.LeftQueues[0].Bytes < 3000 || events.Lost.Queue != 0 {
		t.Errorf("the report: %+v", events)
	}
	if left := time.Until(events.LeftQueues[0].RemovedAfter.Time); left < 46*time.Hour || left > 48*time.Hour {
		t.Errorf("it is removed after %v", left)
	}
	p.sinks.left.sweep(start.Add(47 * time.Hour))
	if !exists(t, p) {
		t.Fatal("it was removed too early")
	}
	p.sinks.left.sweep(start.Add(49 * time.Hour))
	if exists(t, p) {
		t.Error("it is still there")
	}
	if events, _ = p.Report(); len(events.LeftQueues) != 0 || events.Lost.Queue != 30 {
		t.Errorf("the report at the end: %+v", events)
	}
	p.sinks.say(&p.losses, "node")
	p.sinks.stopAll()
	text, err := os.ReadFile(filepath.Join(p.options.LogDir, "audit.log"))
	if err != nil || !strings.Contains(string(text), `"place":"queue","count":"30"`) || !strings.Contains(string(text), `"sink":"sink hook"`) {
		t.Errorf("the stream: %v %s", err, text)
	}
}

func TestASinkThatIsNamedAgainGoesOnWithItsQueue(t *testing.T) {
	h := newHook(t, true)
	p := waiting(t, h.URL)
	start := time.Now()
	p.Configure(nil, nil)
	p.sinks.left.sweep(start)
	p.sinks.left.sweep(start.Add(40 * time.Hour))
	h.mu.Lock()
	h.busy = false
	h.mu.Unlock()
	p.Configure([]v1alpha1.Route{to("docker", "hook")}, []nodeconfig.Sink{hookSink(h.URL)})
	await(t, p, func(r v1alpha1.SinkReport) bool { return r.Written == 30 })
	if events, _ := p.Report(); len(events.LeftQueues) != 0 {
		t.Errorf("the report: %+v", events.LeftQueues)
	}
	p.Configure(nil, nil)
	p.sinks.left.sweep(start.Add(41 * time.Hour))
	if exists(t, p) {
		t.Error("an empty queue stays")
	}
}

// An agent that has no configuration yet takes all queues for nobody's; and hours count only while an agent runs.
func TestNoQueueIsRemovedBeforeSomebodySaysWhichSinksThereAre(t *testing.T) {
	h := newHook(t, true)
	first := waiting(t, h.URL)
	first.Configure(nil, nil)
	first.sinks.left.sweep(time.Now())
	first.sinks.left.sweep(time.Now().Add(47 * time.Hour))
	first.sinks.stopAll()

	second := road(t, Options{StateDir: first.options.StateDir, KeepQueues: 48 * time.Hour})
	second.sinks.left.sweep(time.Now())
	second.sinks.left.sweep(time.Now().Add(1000 * time.Hour))
	if !exists(t, second) {
		t.Fatal("it was removed without a configuration")
	}
	second.Configure(nil, nil)
	second.sinks.left.sweep(time.Now().Add(2000 * time.Hour)) // the first look: nothing says that an agent ran meanwhile
	if !exists(t, second) {
		t.Fatal("hours without an agent were counted")
	}
	second.sinks.left.sweep(time.Now().Add(2001 * time.Hour).Add(time.Minute))
	if exists(t, second) {
		t.Error("the hours of the first agent were not counted")
	}
}

func TestADamagedQueueThatIsNobodysIsKeptToo(t *testing.T) {
	h := newHook(t, true)
	p := waiting(t, h.URL)
	p.Configure(nil, nil)
	files, err := filepath.Glob(filepath.Join(p.options.StateDir, "queues", "hook", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if err := os.WriteFile(name, []byte("nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	p.sinks.left.sweep(start)
	if !exists(t, p) {
		t.Error("it was removed at once")
	}
	p.sinks.left.sweep(start.Add(49 * time.Hour))
	if exists(t, p) {
		t.Error("it stays for ever")
	}
}

// A change of the configuration waits for disks and receivers. Who asks for metrics then gets the numbers from before it.
func TestMetricsDoNotWaitForAChangeOfTheConfiguration(t *testing.T) {
	h := newHook(t, true)
	p := waiting(t, h.URL)
	before := testutil.CollectAndCount(p)
	p.sinks.mu.Lock()
	during := testutil.CollectAndCount(p)
	p.sinks.mu.Unlock()
	if before != during || before < 12 {
		t.Errorf("%d numbers before, %d meanwhile", before, during)
	}
}
