package chart

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/uninstall"
)

// The controller and the uninstall run as in the cluster, with the accounts, roles and admission policies of the chart. What they lack would
// be in their log as "forbidden". The agent's side is played with the agent's own token.
func TestTheRightsOfTheChartSufficeForItsPrograms(t *testing.T) {
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.install(t.Context()); err != nil {
		t.Fatal(err)
	}
	var log buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- controllers.Run(ctx, s.token(t, "nodeaudit-controller", nil), controllers.Options{
			Namespace: namespace, LeaderElect: true, MetricsAddress: "0", HealthAddress: "0", StaleAfter: time.Minute,
			Registry: prometheus.NewRegistry(), Log: logger,
		})
	}()
	defer stop()

	agent := s.agent(t, "worker")
	go follow(ctx, agent, "worker")
	policy := &v1alpha1.AuditPolicy{ObjectMeta: metav1.ObjectMeta{Name: "first"}}
	policy.Spec.Rules = "-w /etc/passwd -p wa -k identity\n"
	if err := s.admin.Create(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	eventually(t, &log, func() error {
		if err := s.admin.Get(t.Context(), client.ObjectKeyFromObject(policy), policy); err != nil {
			return err
		}
		if !meta.IsStatusConditionTrue(policy.Status.Conditions, v1alpha1.ConditionReady) {
			return fmt.Errorf("the policy is not Ready: %+v", policy.Status)
		}
		return nil
	})
	eventually(t, &log, func() error { return s.anEvent(t, "default", "AuditPolicy") })
	eventually(t, &log, func() error { return s.anEvent(t, namespace, "Lease") })

	stop()
	if err := <-ended; err != nil {
		t.Errorf("the controller ended with %v", err)
	}
	quiet, stopAgent := context.WithCancel(t.Context())
	defer stopAgent()
	go follow(quiet, agent, "worker")
	err = uninstall.Run(t.Context(), newClient(t, s.token(t, "nodeaudit-uninstall", nil)), uninstall.Options{
		Namespace: namespace, Deployment: "nodeaudit-controller", Timeout: 20 * time.Second, Log: logger,
	})
	if err != nil {
		t.Errorf("uninstalling: %v", err)
	}
	if strings.Contains(log.String(), "forbidden") {
		t.Errorf("the log speaks of something forbidden:\n%s", log.String())
	}
}

// follow plays an agent that loads whatever it is told, until the context ends.
func follow(ctx context.Context, agent client.Client, node string) {
	said := ""
	for ; ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		var m corev1.ConfigMap
		if err := agent.Get(ctx, client.ObjectKey{Namespace: namespace, Name: nodeconfig.NodePrefix + node}, &m); err != nil {
			continue
		}
		config, digest, err := nodeconfig.Decode(m.Data)
		if err != nil || digest == said {
			continue
		}
		if err := agent.Patch(ctx, answer(node, config, digest), client.Apply, client.FieldOwner("nodeagent"), client.ForceOwnership); err == nil { //nolint:staticcheck // there are no generated apply configurations
			said = digest
		}
	}
}

func answer(node string, config nodeconfig.Config, digest string) *v1alpha1.NodeAuditStatus {
	now := metav1.Now()
	object := status(node)
	object.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "NodeAuditStatus"}
	object.Status = v1alpha1.NodeAuditReport{
		HeartbeatTime: now, State: v1alpha1.NodeInSync, Reason: v1alpha1.ReasonReleased, ConfigDigest: digest, InSyncSince: &now,
		Kernel: &v1alpha1.KernelReport{Enabled: v1alpha1.AuditOn, FailureMode: v1alpha1.FailureModePrintk},
	}
	for _, policy := range config.Policies {
		object.Status.Reason = v1alpha1.ReasonInSync
		object.Status.Policies = append(object.Status.Policies, v1alpha1.NodePolicyReport{
			Name: policy.Name, Generation: policy.Generation, State: v1alpha1.NodeInSync, Reason: v1alpha1.ReasonInSync,
		})
	}
	return object
}

// anEvent finds an Event on an object of that kind.
func (s *server) anEvent(t *testing.T, namespace, kind string) error {
	t.Helper()
	var events eventsv1.EventList
	if err := s.admin.List(t.Context(), &events, client.InNamespace(namespace)); err != nil {
		return err
	}
	for _, event := range events.Items {
		if event.Regarding.Kind == kind {
			return nil
		}
	}
	return fmt.Errorf("no Event in %s is on a %s", namespace, kind)
}

func eventually(t *testing.T, log *buffer, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v\n%s", err, log.String())
		}
	}
}

// A buffer takes logs of several goroutines.
type buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}
