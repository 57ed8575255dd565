package nodeagent

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri/critest"
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
