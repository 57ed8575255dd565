//go:build linux

package who_test

import (
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/test/who"
)

func TestMain(m *testing.M) {
	enrichtest.Main()
	os.Exit(m.Run())
}

var count = map[enrichtest.Way]int{enrichtest.Child: 500, enrichtest.Grandchild: 500, enrichtest.Visitor: 50}

func TestKernelEveryShortLivedProcessGetsItsPodWithEBPF(t *testing.T) {
	client := kerneltest.Lock(t)
	tracer, err := trace.Open("/", slog.New(slog.DiscardHandler))
	if errors.Is(err, syscall.EPERM) && os.Getenv(kerneltest.RequireEnv) != "1" {
		t.Skipf("needs CAP_BPF and CAP_PERFMON: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracer.Close() })
	play := &who.Play{Containers: 50, Count: count, Tracer: tracer}
	got, err := play.Run(t.Context(), client, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := map[enrichtest.Way]*who.Result{}
	for way, n := range count {
		want[way] = &who.Result{Events: n, Exact: n}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without eBPF many are unknown, and of visitors, which come from the host, some are taken for its. But nothing is presented as a fact that
// is none.
func TestKernelWithoutEBPFNoShortLivedProcessIsSurelyInTheWrongPod(t *testing.T) {
	play := &who.Play{Containers: 50, Count: count}
	got, err := play.Run(t.Context(), kerneltest.Lock(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for way, result := range got {
		t.Logf("%s: %+v", way, *result)
		if result.Events != count[way] || result.WrongExact > 0 {
			t.Errorf("%s: %+v, want %d events and none wrong that claims to be exact", way, *result, count[way])
		}
	}
	if result := got[enrichtest.Child]; result.Exact+result.Parent < result.Events*9/10 {
		t.Errorf("children of a process that lives: %+v, want nearly all right", *result)
	}
}
