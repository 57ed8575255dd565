package nodeagent

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/converge"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/pipeline"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reports is a Publisher that keeps what it is offered.
type reports struct {
	mu  sync.Mutex
	all []v1alpha1.NodeAuditReport
}

func (r *reports) Offer(report v1alpha1.NodeAuditReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, report)
}

func (r *reports) Acknowledged() string { return "" }

func (r *reports) Run(context.Context) error { return nil }

// until waits for a report that the check is content with.
func (r *reports) until(t *testing.T, check func(v1alpha1.NodeAuditReport) bool) v1alpha1.NodeAuditReport {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		r.mu.Lock()
		for _, report := range r.all {
			if check(report) {
				r.all = nil
				r.mu.Unlock()
				return report
			}
		}
		r.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatal("no such report within 20 s")
		}
	}
}

// keep runs a keeper on a kernel in memory.
func keep(t *testing.T, tenants ...TenantSource) (*keeper, *kerneltest.Memory, *reports) {
	t.Helper()
	k, memory, published := idle(t, tenants...)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = k.run(ctx) })
	running.Go(func() { k.tenants.run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return k, memory, published
}

// idle is a keeper that makes no passes.
func idle(t *testing.T, tenants ...TenantSource) (*keeper, *kerneltest.Memory, *reports) {
	t.Helper()
	root, memory, published := t.TempDir(), kerneltest.New("/"), &reports{}
	log := slog.New(slog.DiscardHandler)
	options := Options{Node: "node", Interval: time.Hour, Version: "v1", Publisher: published, Registry: prometheus.NewRegistry(), Log: log}
	converger, err := converge.New(converge.Options{Kernel: memory, Host: host.New("/"), StateDir: root, BootID: "boot", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range tenants {
		options.Tenants, options.TenantSecrets = source, func(string) secret.Source { return secret.Dir{} }
	}
	road, err := pipeline.New(pipeline.Options{
		NodeName: "node", HostRoot: "/", LogDir: t.TempDir(), StateDir: t.TempDir(), OnConfigChange: func(*event.Event) {}, Log: log, Registry: options.Registry,
		TenantSecrets: options.TenantSecrets,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = road.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	options.HostRoot, options.StateDir = root, root
	reboots, err := newReboots(options, "boot")
	if err != nil {
		t.Fatal(err)
	}
	files, err := newNodeFiles(options)
	if err != nil {
		t.Fatal(err)
	}
	return newKeeper(options, converger, files, road, reboots, newWho(options), make(chan converge.Change)), memory, published
}

func state(t *testing.T, rules string) *desired.State {
	t.Helper()
	set := nodeconfig.RuleSet{"p": rules}
	config := nodeconfig.Config{Node: "node", RuleSet: set.Digest(), Policies: []nodeconfig.Policy{{Name: "p", Mode: v1alpha1.ModeEnforce}}}
	data, err := nodeconfig.Encode(config)
	if err != nil {
		t.Fatal(err)
	}
	return &desired.State{Config: config, Rules: set, Digest: data[nodeconfig.DigestKey]}
}

func TestAnInvalidConfigurationKeepsTheLastGoodOne(t *testing.T) {
	k, memory, published := keep(t)
	good := state(t, "-w /etc/passwd -p wa -k identity\n")
	k.update(t.Context(), desired.Update{State: good})
	first := published.until(t, func(r v1alpha1.NodeAuditReport) bool { return r.State == v1alpha1.NodeInSync })
	if first.AgentVersion != "v1" || first.HeartbeatTime.IsZero() || len(first.Sinks) == 0 {
		t.Errorf("report %+v", first)
	}

	k.update(t.Context(), desired.Update{Err: fmt.Errorf("ConfigMap x: %w", nodeconfig.ErrDigest)})
	bad := published.until(t, func(r v1alpha1.NodeAuditReport) bool { return r.Reason == v1alpha1.ReasonInvalidConfig })
	if !strings.Contains(bad.Message, "last good configuration") || bad.ConfigDigest != good.Digest {
		t.Errorf("report %+v", bad)
	}
	if rules, _ := memory.List(); len(rules) != 1 {
		t.Errorf("%d rules in the kernel", len(rules))
	}

	k.update(t.Context(), desired.Update{State: state(t, "-w /etc/group -p wa -k identity\n-w /etc/shadow -p wa -k identity\n")})
	published.until(t, func(r v1alpha1.NodeAuditReport) bool { return r.State == v1alpha1.NodeInSync && r.Rules.Loaded == 2 })
}

func TestLossesOfTheKernelCountFromTheStartOfTheAgent(t *testing.T) {
	k, _, _ := idle(t)
	lost := func(counter int64) int64 {
		report := v1alpha1.NodeAuditReport{Kernel: &v1alpha1.KernelReport{Lost: counter}}
		k.complete(&report)
		return report.Events.Lost.Kernel
	}
	k.lostAtRun = new(int64(100))
	for _, row := range []struct{ counter, want int64 }{{100, 0}, {107, 7}, {3, 0}, {5, 2}} { // somebody reset it between
		if got := lost(row.counter); got != row.want {
			t.Errorf("with a counter of %d the report says %d, want %d", row.counter, got, row.want)
		}
	}
}

func TestHealthAndMetrics(t *testing.T) {
	k, _, published := keep(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	k.options.MetricsAddress = address
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, k.options, k) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}()
	k.update(t.Context(), desired.Update{State: state(t, "-w /etc/passwd -p wa -k identity\n")})
	published.until(t, func(r v1alpha1.NodeAuditReport) bool { return r.State == v1alpha1.NodeInSync })
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ok", "/metrics": `nodeaudit_node_state{state="InSync"} 1`,
	} {
		if got := get(t, "http://"+address+path); !strings.Contains(got, want) {
			t.Errorf("%s says %q", path, got)
		}
	}
	if err := serve(ctx, k.options, k); err == nil || !strings.Contains(err.Error(), "--metrics-address") {
		t.Errorf("a port that is taken: %v", err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	var err error
	for range 200 {
		var response *http.Response
		if response, err = http.Get(url); err == nil { //nolint:noctx // a test
			text, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			return string(text)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(err)
	return ""
}

func TestTwoAgentsDoNotShareAStateDirectory(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	unlock, err := lock(t.Context(), dir, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, dir, log); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second agent: %v", err)
	}
	waited := make(chan error, 1)
	go func() {
		again, err := lock(t.Context(), dir, log)
		if err == nil {
			again()
		}
		waited <- err
	}()
	unlock()
	if err := <-waited; err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}
