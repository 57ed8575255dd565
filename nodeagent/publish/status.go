package publish

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// FieldManager is the name under which agents apply their reports.
const FieldManager = "nodeagent"

const (
	// pause is the shortest time between two writes, so that what flaps does not flood the API server.
	pause = time.Second
	// attempt bounds one request, and longest the wait after those that failed.
	attempt = 10 * time.Second
	longest = 30 * time.Second
)

// Status writes the NodeAuditStatus of one node.
type Status struct {
	objects   dynamic.NamespaceableResourceInterface
	nodes     kubernetes.Interface
	node      string
	heartbeat time.Duration
	log       *slog.Logger
	latest    chan v1alpha1.NodeAuditReport
	uid       types.UID // of the Node
	object    types.UID // of the NodeAuditStatus that was written last
	// acknowledged is the annotation on the object, as of the last write.
	acknowledged atomic.Pointer[string]
}

// Acknowledged is the boot id in the annotation of the NodeAuditStatus with which a person has acknowledged a reboot. It is for any goroutine.
func (s *Status) Acknowledged() string {
	if boot := s.acknowledged.Load(); boot != nil {
		return *boot
	}
	return ""
}

// NewStatus returns what writes the NodeAuditStatus of a node, at least once in each heartbeat.
func NewStatus(objects dynamic.Interface, nodes kubernetes.Interface, node string, heartbeat time.Duration, log *slog.Logger) *Status {
	return &Status{
		objects: objects.Resource(v1alpha1.GroupVersion.WithResource("nodeauditstatuses")),
		nodes:   nodes, node: node, heartbeat: heartbeat, log: log, latest: make(chan v1alpha1.NodeAuditReport, 1),
	}
}

// Offer takes a report in the place of one that was not looked at yet. It does not block. It is for one goroutine.
func (s *Status) Offer(report v1alpha1.NodeAuditReport) {
	select {
	case <-s.latest:
	default:
	}
	s.latest <- report
}

// Run writes until ctx ends.
func (s *Status) Run(ctx context.Context) error {
	var written *v1alpha1.NodeAuditReport
	var report v1alpha1.NodeAuditReport
	due, retry := s.heartbeat, pause
	timer := time.NewTimer(due)
	defer timer.Stop()
	for {
		isDue := false
		select {
		case <-ctx.Done():
			return nil
		case report = <-s.latest:
		case <-timer.C:
			isDue = true
		}
		if report.HeartbeatTime.IsZero() || !isDue && !news(written, report) {
			continue
		}
		if err := s.write(ctx, report); err != nil {
			s.log.Warn("writing the status of this node", "node", s.node, "err", err)
			due, retry = retry, min(2*retry, longest)
		} else {
			written, due, retry = new(report), s.heartbeat, pause
		}
		timer.Reset(due)
		sleep(ctx, pause)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// write applies the report. The object belongs to the Node, so that it goes when the Node goes.
//
// Of a node that is released the object is renewed and not made again when somebody has deleted it: that is how an uninstallation ends, and the
// agent may outlive it by a moment. The next heartbeat makes it again.
func (s *Status) write(ctx context.Context, report v1alpha1.NodeAuditReport) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	if s.uid == "" {
		node, err := s.nodes.CoreV1().Nodes().Get(ctx, s.node, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading Node %s, to which the status belongs: %w", s.node, err)
		}
		s.uid = node.UID
	}
	status, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&v1alpha1.NodeAuditStatus{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "NodeAuditStatus"},
		ObjectMeta: metav1.ObjectMeta{
			Name:            s.node,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: s.node, UID: s.uid}},
		},
		Status: report,
	})
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	unstructured.RemoveNestedField(status, "metadata", "creationTimestamp")
	renewed := report.Reason == v1alpha1.ReasonReleased && s.object != ""
	object := &unstructured.Unstructured{Object: status}
	if renewed {
		object.SetUID(s.object)
	}
	applied, err := s.objects.Apply(ctx, s.node, object, metav1.ApplyOptions{FieldManager: FieldManager, Force: true})
	switch {
	case renewed && apierrors.IsConflict(err):
		s.object = ""
		return nil
	case err != nil:
		s.uid = "" // the Node may be another one by now
		return fmt.Errorf("applying NodeAuditStatus %s: %w", s.node, err)
	}
	s.object = applied.GetUID()
	s.acknowledged.Store(new(applied.GetAnnotations()[v1alpha1.AnnotationAcknowledged]))
	return nil
}
