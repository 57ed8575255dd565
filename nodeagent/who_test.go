package nodeagent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri/critest"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
)

func quiet() Options {
	return Options{HostRoot: "/", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}
}

// Where the programs cannot be loaded the agent goes on without, and either way what was begun can be ended, and begun again.
func TestKernelProcessesAreFollowedAndNoLonger(t *testing.T) {
	for _, asked := range []bool{false, true} {
		options := quiet()
		options.EBPF = asked
		for range 2 {
			w := newWho(options)
			report := w.report()
			if w.tracer != nil && !asked {
				t.Error("there is a Tracer that nobody has asked for")
			}
			if (report.Processes == v1alpha1.ProcessesEBPF) != (w.tracer != nil) || (report.Reason == "") != (w.tracer != nil) {
				t.Errorf("the report is %+v", report)
			}
			w.end()
		}
		if families, err := options.Registry.Gather(); err != nil || len(families) != 0 {
			t.Errorf("metrics are left: %v, %v", families, err)
		}
	}
}

func TestTheReportSaysWhyThereIsNoEBPF(t *testing.T) {
	w := newWho(quiet())
	t.Cleanup(w.end)
	want := &v1alpha1.WhoReport{
		Processes: v1alpha1.ProcessesProcFS, Reason: v1alpha1.ReasonEBPFDisabled, Runtime: v1alpha1.RuntimeDisabled,
		Message: "eBPF is switched off (agent.ebpf.enabled of the chart, --ebpf)",
	}
	if diff := cmp.Diff(want, w.report()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatTheProgramsCouldNotNoteIsReportedAndLogged(t *testing.T) {
	var words strings.Builder
	options := quiet()
	options.Log = slog.New(slog.NewTextHandler(&words, nil))
	w := newWho(options)
	t.Cleanup(w.end)
	for _, test := range []struct {
		name    string
		failure trace.Failures
		err     error
		missed  int64
		logged  string
	}{
		{"nothing was missed", trace.Failures{}, nil, 0, ""},
		{"a full table", trace.Failures{Processes: 3, Groups: 2}, nil, 5, "processes=3 groups=2 runs=0"},
		{"the same is said once", trace.Failures{Processes: 3, Groups: 2}, nil, 5, ""},
		{"a program was left out", trace.Failures{Processes: 3, Groups: 2, Runs: 1}, nil, 6, "runs=1"},
		{"it cannot be read", trace.Failures{}, errors.New("no table"), 6, "no table"},
	} {
		words.Reset()
		w.failures = func() (trace.Failures, error) { return test.failure, test.err }
		if got := w.report().Missed; got != test.missed {
			t.Errorf("%s: %d are reported, want %d", test.name, got, test.missed)
		}
		if got := words.String(); !strings.Contains(got, test.logged) || (got == "") != (test.logged == "") {
			t.Errorf("%s: the log says %q, want %q", test.name, got, test.logged)
		}
	}
	w.failures = func() (trace.Failures, error) { return trace.Failures{Processes: 3, Groups: 2, Runs: 1}, nil }
	want := "# HELP nodeaudit_who_ebpf_missed_total What the eBPF programs could not note: process and group are rows for which a table had no room, " +
		"run is how often the kernel left a program out.\n# TYPE nodeaudit_who_ebpf_missed_total counter\n" +
		"nodeaudit_who_ebpf_missed_total{what=\"group\"} 2\nnodeaudit_who_ebpf_missed_total{what=\"process\"} 3\n" +
		"nodeaudit_who_ebpf_missed_total{what=\"run\"} 1\n"
	if err := testutil.GatherAndCompare(options.Registry, strings.NewReader(want), "nodeaudit_who_ebpf_missed_total"); err != nil {
		t.Error(err)
	}
}

// A process without the capabilities says so.
func TestKernelWithoutTheRightsTheReportSaysSo(t *testing.T) {
	if os.Getenv("WHO_WITHOUT_RIGHTS") == "1" {
		options := quiet()
		options.EBPF = true
		w := newWho(options)
		defer w.end()
		if report := w.report(); report.Reason != v1alpha1.ReasonEBPFNotPermitted || report.Processes != v1alpha1.ProcessesProcFS || report.Message == "" {
			t.Errorf("the report is %+v", report)
		}
		return
	}
	command := exec.CommandContext(t.Context(), "setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
		os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), "WHO_WITHOUT_RIGHTS=1")
	out, err := command.CombinedOutput()
	if _, missing := exec.LookPath("setpriv"); missing != nil || os.Getuid() != 0 {
		t.Skip("needs root and setpriv")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheReportSaysWhetherTheRuntimeAnswers(t *testing.T) {
	root, err := os.MkdirTemp("", "who") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	options := quiet()
	options.HostRoot, options.CRIEndpoint = root, cri.Auto
	w := newWho(options)
	t.Cleanup(w.end)
	if got := w.report().Runtime; got != v1alpha1.RuntimeAbsent {
		t.Errorf("before it was looked for it is %s", got)
	}
	socket := filepath.Join(root, "run/containerd/containerd.sock")
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	fake, err := critest.Serve(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Stop)
	_, _, id := critest.Pod(t, socket, "nginx", "")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.runtime.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	for deadline := time.Now().Add(20 * time.Second); w.report().Runtime != v1alpha1.RuntimeAnswers; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is %s", w.report().Runtime)
		}
	}
	if pod, ok := w.pods().Container(critest.UID, id); !ok || pod.Name != "web-0" || pod.Container != "nginx" {
		t.Errorf("the container is of %+v, %v", pod, ok)
	}
}
