// Package uninstall takes nodeaudit out of the nodes of a cluster before its programs are deleted.
//
// Access to the cluster comes in. The controller is stopped, every node's configuration emptied, and the reports of the agents awaited that
// they have taken their rules out and restored the settings that they found; then the ConfigMaps and reports are deleted. It never touches
// policies, sinks or a kernel. It may be repeated at any point.
package uninstall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// ErrNotReleased says that nodes have not reported in time that they are free of nodeaudit.
var ErrNotReleased = errors.New("nodes still have rules of nodeaudit")

// Options say what to uninstall.
type Options struct {
	// Namespace is that of the ConfigMaps and of the Deployment.
	Namespace string
	// Deployment is the controller's, which is scaled to 0. Empty stops nothing.
	Deployment string
	// Timeout is how long to wait for the agents.
	Timeout time.Duration
	// Log says how far it is.
	Log *slog.Logger
}

const (
	// every is how often pods and reports are looked at.
	every = time.Second
	// stopTime is how long the controller's pods may take to end; Kubernetes gives them 30 s.
	stopTime = 40 * time.Second
	// straggle is how long an agent that is still there may take to renew a report that was deleted.
	straggle = 3 * time.Second
	// maxNames is how many nodes an error names.
	maxNames = 20
)

// Run uninstalls. Where nodes have not answered in time it returns ErrNotReleased with their names and leaves the empty configurations in
// place, so that agents can still follow and Run be repeated.
func Run(ctx context.Context, c client.Client, options Options) error {
	u := uninstaller{Options: options, client: c}
	if err := u.stop(ctx); err != nil {
		return err
	}
	if err := u.release(ctx); err != nil {
		return err
	}
	return u.clean(ctx)
}

type uninstaller struct {
	Options
	client client.Client
}

// stop scales the controller to nothing and waits until its pods are gone: one that still runs would write again what is emptied.
func (u uninstaller) stop(ctx context.Context) error {
	if u.Deployment == "" {
		return nil
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: u.Namespace, Name: u.Deployment}}
	scale := &autoscalingv1.Scale{}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0}}`))
	err := u.client.SubResource("scale").Patch(ctx, deployment, patch, client.WithSubResourceBody(scale))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stopping the controller: %w", err)
	}
	selector, err := labels.Parse(scale.Status.Selector)
	if err != nil {
		return fmt.Errorf("reading the selector of Deployment %s: %w", u.Deployment, err)
	}
	return u.stopped(ctx, selector)
}

// stopped waits for the end of the controller's pods. A pod on a node that does not answer never ends: the caller goes on without it.
func (u uninstaller) stopped(ctx context.Context, selector labels.Selector) error {
	for end := time.Now().Add(stopTime); ; {
		var pods corev1.PodList
		if err := u.client.List(ctx, &pods, client.InNamespace(u.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
			return fmt.Errorf("listing the controller's pods: %w", err)
		}
		switch {
		case len(pods.Items) == 0:
			u.Log.Info("stopped the controller", "deployment", u.Deployment)
			return nil
		case time.Now().After(end):
			u.Log.Warn("going on although the controller has not ended", "pod", pods.Items[0].Name, "node", pods.Items[0].Spec.NodeName)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
	}
}

// release empties the configurations until every agent has followed.
func (u uninstaller) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, u.Timeout)
	defer cancel()
	said := -1
	for {
		waiting, err := u.empty(ctx)
		switch {
		case err == nil && len(waiting) == 0:
			u.Log.Info("every node is released")
			return nil
		case err == nil && len(waiting) != said:
			said = len(waiting)
			u.Log.Info("waiting for agents to take out their rules", "nodes", said)
		case err != nil && ctx.Err() == nil:
			u.Log.Warn("trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return u.late(waiting, err)
		case <-time.After(every):
		}
	}
}

// late names the nodes that did not answer, and the last error where that is why.
func (u uninstaller) late(waiting []string, err error) error {
	if len(waiting) == 0 && err != nil {
		return fmt.Errorf("waiting for the nodes: %w", err)
	}
	names := strings.Join(waiting[:min(len(waiting), maxNames)], ", ")
	if more := len(waiting) - maxNames; more > 0 {
		names = fmt.Sprintf("%s and %d more", names, more)
	}
	return fmt.Errorf("%w: %s: see their agents' logs and repeat, or go on without them and reboot them", ErrNotReleased, names)
}

// empty takes one look: it empties what is not empty yet, and returns the nodes whose agents have not followed.
func (u uninstaller) empty(ctx context.Context) ([]string, error) {
	var maps corev1.ConfigMapList
	if err := u.client.List(ctx, &maps, client.InNamespace(u.Namespace), client.MatchingLabels{nodeconfig.KindLabel: nodeconfig.KindNode}); err != nil {
		return nil, fmt.Errorf("listing the configurations of nodes: %w", err)
	}
	var reports v1alpha1.NodeAuditStatusList
	if err := u.client.List(ctx, &reports); err != nil {
		return nil, fmt.Errorf("listing the reports of nodes: %w", err)
	}
	wanted := map[string]string{}
	for i := range maps.Items {
		node := strings.TrimPrefix(maps.Items[i].Name, nodeconfig.NodePrefix)
		digest, err := u.emptyOne(ctx, &maps.Items[i], node)
		if err != nil {
			return nil, err
		}
		wanted[node] = digest
	}
	var waiting []string
	for i := range reports.Items {
		// A node without a report has never had an agent, so there is nothing to wait for.
		if name := reports.Items[i].Name; !released(&reports.Items[i].Status, wanted[name]) {
			waiting = append(waiting, name)
		}
	}
	slices.Sort(waiting)
	return waiting, nil
}

// released says that the agent has followed as far as it can: a kernel that cannot be audited has no rules, and a locked one keeps them until
// it reboots, however long one waits. Where there is no configuration, nothing may be enforced.
func released(report *v1alpha1.NodeAuditReport, digest string) bool {
	if digest == "" {
		return len(report.Policies) == 0
	}
	return report.ConfigDigest == digest && (report.Reason == v1alpha1.ReasonReleased || report.State == v1alpha1.NodeUnsupported || locked(report))
}

func locked(report *v1alpha1.NodeAuditReport) bool {
	return report.State == v1alpha1.NodeRebootPending || report.State == v1alpha1.NodeLocked
}

// emptyOne writes the empty configuration and returns its digest.
func (u uninstaller) emptyOne(ctx context.Context, m *corev1.ConfigMap, node string) (string, error) {
	data, err := nodeconfig.Encode(nodeconfig.Config{Node: node})
	if err != nil {
		return "", err
	}
	digest := data[nodeconfig.DigestKey]
	if m.Data[nodeconfig.DigestKey] == digest && m.Data[nodeconfig.ConfigKey] == data[nodeconfig.ConfigKey] {
		return digest, nil
	}
	m.Data = data
	if err := u.client.Update(ctx, m); err != nil {
		return "", fmt.Errorf("emptying the configuration of node %s: %w", node, err)
	}
	return digest, nil
}

// clean deletes what is left. Reports go last, and once more for agents that renewed theirs in between.
func (u uninstaller) clean(ctx context.Context) error {
	for _, kind := range []string{nodeconfig.KindNode, nodeconfig.KindRules, nodeconfig.KindTenants, nodeconfig.KindSessions} {
		var maps corev1.ConfigMapList
		if err := u.client.List(ctx, &maps, client.InNamespace(u.Namespace), client.MatchingLabels{nodeconfig.KindLabel: kind}); err != nil {
			return fmt.Errorf("listing ConfigMaps of kind %s: %w", kind, err)
		}
		for i := range maps.Items {
			if err := client.IgnoreNotFound(u.client.Delete(ctx, &maps.Items[i])); err != nil {
				return fmt.Errorf("deleting ConfigMap %s: %w", maps.Items[i].Name, err)
			}
		}
	}
	if err := u.deleteReports(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(straggle):
	}
	if err := u.deleteReports(ctx); err != nil {
		return err
	}
	u.Log.Info("deleted the ConfigMaps and reports")
	return nil
}

func (u uninstaller) deleteReports(ctx context.Context) error {
	var reports v1alpha1.NodeAuditStatusList
	if err := u.client.List(ctx, &reports); err != nil {
		return fmt.Errorf("listing the reports of nodes: %w", err)
	}
	for i := range reports.Items {
		if locked(&reports.Items[i].Status) {
			u.Log.Warn("the audit system of this node is locked: its rules go when it reboots", "node", reports.Items[i].Name)
		}
		if err := client.IgnoreNotFound(u.client.Delete(ctx, &reports.Items[i])); err != nil {
			return fmt.Errorf("deleting the report of node %s: %w", reports.Items[i].Name, err)
		}
	}
	return nil
}
