package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
)

// road is a Pipeline without a socket.
func road(t *testing.T, options Options) *Pipeline {
	t.Helper()
	options.NodeName, options.LogDir = "node", t.TempDir()
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.HostRoot == "" {
		options.HostRoot = "/"
	}
	if options.OnConfigChange == nil {
		options.OnConfigChange = func(*event.Event) {}
	}
	p := join(options)
	t.Cleanup(p.sinks.stopAll)
	return p
}

// happens sends a system call with a key down the road.
func (p *Pipeline) happens(serial uint32, pid int, key string) {
	p.carry(event.Group{Time: time.Unix(1700000000, 0).UTC(), Serial: serial, Records: []event.Record{{
		Type: 1300, Data: fmt.Sprintf(`audit(1700000000.000:%d): arch=c000003e syscall=257 success=yes exit=3 pid=%d comm="x" key="%s"`, serial, pid, key),
	}}})
}

// keys stops the road and returns the keys in each file.
func (p *Pipeline) keys(t *testing.T) map[string][]string {
	t.Helper()
	p.sinks.stopAll()
	files, err := filepath.Glob(p.options.LogDir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(name)] = keysOf(t, text)
	}
	return found
}

func keysOf(t *testing.T, text []byte) []string {
	t.Helper()
	var keys []string
	for line := range bytes.Lines(text) {
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil || e.Node != "node" {
			t.Fatalf("%q: %v", line, err)
		}
		keys = append(keys, e.Keys...)
	}
	return keys
}

func fileSink(name, file string, maxFiles int32) nodeconfig.Sink {
	return nodeconfig.Sink{Name: name, Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeFile, File: &v1alpha1.FileSink{
		Path: "/var/log/nodeaudit/" + file, MaxSize: new(resource.MustParse("1Mi")), MaxFiles: maxFiles, Compress: new(false),
	}}}
}

func to(key string, sinks ...string) v1alpha1.Route {
	return v1alpha1.Route{Name: "p/" + key, Match: v1alpha1.RouteMatch{Keys: []string{key}}, Sinks: sinks}
}

func TestEventsGoWhereTheRoutesSay(t *testing.T) {
	var out bytes.Buffer
	p := road(t, Options{Stdout: &out})
	p.happens(1, 1, "before")
	p.Configure(
		[]v1alpha1.Route{to("docker", "docker", "out"), to("twice", "docker", "same"), to("lost", "nowhere")},
		[]nodeconfig.Sink{fileSink("docker", "docker.log", 3), fileSink("same", "docker.log", 3), {Name: "out", Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout}}},
	)
	for i, key := range []string{"docker", "twice", "lost", "other"} {
		p.happens(uint32(i+2), 1, key)
	}
	p.happens(9, os.Getpid(), "docker")
	got := p.keys(t)
	want := map[string][]string{"audit.log": {"before", "lost", "other"}, "docker.log": {"docker", "twice"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"docker"}, keysOf(t, out.Bytes())); diff != "" {
		t.Errorf("standard output (-want +got):\n%s", diff)
	}
	if events, _ := p.Report(); events.Received != 6 || p.filtered.Load() != 1 {
		t.Errorf("received %d, filtered %d", events.Received, p.filtered.Load())
	}
}

func TestEventsNameTheUsersOfTheHost(t *testing.T) {
	root := t.TempDir()
	passwd := func(line string) {
		if err := os.WriteFile(filepath.Join(root, "etc", "passwd"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	passwd("web:x:33:33::/:/bin/sh\n")
	var out bytes.Buffer
	p := road(t, Options{HostRoot: root, Stdout: &out})
	p.Configure([]v1alpha1.Route{to("k", "out")}, []nodeconfig.Sink{{Name: "out", Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout}}})
	const from = " uid=33"
	p.happens(1, 1, "k\""+from+" x=\"")
	passwd("www-data:x:33:33::/:/bin/sh\n")
	p.lookUp(time.Now().Add(resolveEvery))
	p.happens(2, 1, "k\""+from+" x=\"")
	p.sinks.stopAll()
	var names []string
	for line := range bytes.Lines(out.Bytes()) {
		var e event.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		names = append(names, e.UIDName)
	}
	if diff := cmp.Diff([]string{"web", "www-data"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestASinkWritesInItsForm(t *testing.T) {
	var out bytes.Buffer
	p := road(t, Options{Stdout: &out})
	raw, stdout, unknown := fileSink("raw", "raw.log", 1), nodeconfig.Sink{Name: "out"}, fileSink("unknown", "unknown.log", 1)
	raw.Spec.Format = v1alpha1.SinkFormatRaw
	stdout.Spec = v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeStdout, Format: v1alpha1.SinkFormatECS}
	unknown.Spec.Format = "smoke-signs"
	p.Configure([]v1alpha1.Route{to("k", "raw", "out", "unknown")}, []nodeconfig.Sink{raw, stdout, unknown})
	p.happens(1, 1, "k")
	p.Configure(nil, nil) // writes what waits
	lines, err := os.ReadFile(filepath.Join(p.options.LogDir, "raw.log"))
	if err != nil || !strings.HasPrefix(string(lines), "node=node type=SYSCALL msg=audit(") || !strings.Contains(string(lines), "key=\"k\"\n") {
		t.Errorf("%v, raw.log has %s", err, lines)
	}
	if !strings.HasPrefix(out.String(), `{"@timestamp":"`) {
		t.Errorf("standard output has %s", out.String())
	}
	if _, err := os.Stat(filepath.Join(p.options.LogDir, "unknown.log")); err == nil {
		t.Error("a form that nobody knows was written")
	}
}

func TestTheFormsOfTheAPIAreThoseOfTheAgent(t *testing.T) {
	want := []v1alpha1.SinkFormat{
		v1alpha1.SinkFormatNative, v1alpha1.SinkFormatECS, v1alpha1.SinkFormatOCSF, v1alpha1.SinkFormatOTLP, v1alpha1.SinkFormatRaw, v1alpha1.SinkFormatText,
	}
	var got []v1alpha1.SinkFormat
	for _, name := range form.Names() {
		got = append(got, v1alpha1.SinkFormat(name))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("forms (-api +agent):\n%s", diff)
	}
}

func TestANewConfigurationLosesNothing(t *testing.T) {
	p := road(t, Options{})
	const rounds, each = 6, 200
	serial := uint32(0)
	for round := range rounds {
		p.Configure([]v1alpha1.Route{to("k", "s")}, []nodeconfig.Sink{fileSink("s", "s.log", int32(round/2+1))})
		for range each {
			serial++
			p.happens(serial, 1, "k")
		}
	}
	p.Configure(nil, nil)
	p.happens(serial+1, 1, "k")
	events, _ := p.Report()
	if got := p.keys(t); len(got["s.log"]) != rounds*each || len(got["audit.log"]) != 1 || events.Lost != (v1alpha1.LossReport{}) {
		t.Errorf("%d and %d events arrived, lost %+v", len(got["s.log"]), len(got["audit.log"]), events.Lost)
	}
}

func TestASinkThatCannotBeOpenedSaysSo(t *testing.T) {
	p := road(t, Options{})
	p.Configure([]v1alpha1.Route{to("a", "new"), to("b", "blocked")}, []nodeconfig.Sink{
		{Name: "new", Spec: v1alpha1.AuditSinkSpec{Type: "carrier-pigeon"}}, fileSink("blocked", "blocked.log", 1),
	})
	if err := os.MkdirAll(filepath.Join(p.options.LogDir, "blocked.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.happens(1, 1, "a")
	p.happens(2, 1, "b")
	deadline := time.Now().Add(10 * time.Second)
	for {
		events, sinks := p.Report()
		if len(sinks) == 3 && sinks[0].LastError != "" && strings.Contains(sinks[1].LastError, "update the agent") && events.Lost.Sink == 1 {
			if !strings.Contains(sinks[0].LastError, "blocked.log") {
				t.Errorf("the error does not name the file: %s", sinks[0].LastError)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("report %+v %+v", events, sinks)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestAChangeOfTheAuditSystemIsSaid(t *testing.T) {
	said := 0
	p := road(t, Options{OnConfigChange: func(e *event.Event) {
		if op, _ := e.Fields.Get("op"); op != "remove_rule" {
			t.Errorf("said %+v", e)
		}
		said++
	}})
	p.carry(event.Group{Serial: 1, Records: []event.Record{{Type: 1305, Data: `audit(1700000000.000:1): op=remove_rule key="x" list=4 res=1`}}})
	p.happens(2, 1, "x")
	if said != 1 {
		t.Errorf("said %d times", said)
	}
}

func TestMetricsHaveEveryLoss(t *testing.T) {
	p := road(t, Options{})
	p.happens(1, 1, "x")
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(p); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP nodeaudit_events_received_total Events that were read whole from the kernel.
# TYPE nodeaudit_events_received_total counter
nodeaudit_events_received_total 1
# HELP nodeaudit_lost_total Losses by place: kernel in records, socket in times that the kernel found it full, gap in serials, queue and sink in events.
# TYPE nodeaudit_lost_total counter
nodeaudit_lost_total{where="gap"} 0
nodeaudit_lost_total{where="kernel"} 0
nodeaudit_lost_total{where="queue"} 0
nodeaudit_lost_total{where="sink"} 0
nodeaudit_lost_total{where="socket"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "nodeaudit_events_received_total", "nodeaudit_lost_total"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("metrics: %v, %v", problems, err)
	}
}

// BenchmarkCarry is the road from the records of one event to a queue: decode, filter, enrich, route, offer.
func BenchmarkCarry(b *testing.B) {
	options := Options{NodeName: "node", HostRoot: "/", LogDir: b.TempDir(), Log: slog.New(slog.DiscardHandler), OnConfigChange: func(*event.Event) {}}
	p := join(options)
	p.Configure([]v1alpha1.Route{to("k", nodeconfig.DefaultSink)}, nil)
	defer p.sinks.stopAll()
	header := "audit(1700000000.123:42): "
	records := []event.Record{
		{Type: 1300, Data: header + `arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffeb91f7ab6 a2=941 a3=1b6 items=2 ppid=1 pid=1 ` +
			`auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="touch" exe="/usr/bin/touch" key="k"`},
		{Type: 1307, Data: header + `cwd="/tmp"`},
		{Type: 1302, Data: header + `item=0 name="/tmp/" inode=10045758 dev=fe:00 mode=040755 ouid=0 ogid=0 rdev=00:00 nametype=PARENT cap_fp=0 cap_fi=0`},
		{Type: 1302, Data: header + `item=1 name="/tmp/x" inode=10046277 dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=CREATE cap_fp=0 cap_fi=0`},
		{Type: 1327, Data: header + `proctitle=746F756368002F746D702F78`},
	}
	b.ReportAllocs()
	for b.Loop() {
		p.carry(event.Group{Time: time.Now(), Serial: 42, Records: slices.Clone(records)})
	}
}
