package distribute

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/controllers/observe"
)

// writers is how many ConfigMaps are written at a time. More bring nothing: the API server answers within milliseconds.
const writers = 16

// act carries out the plan. Nodes follow only when all rule sets are there, and sets are collected only when all nodes have followed.
func (r *Reconciler) act(ctx context.Context, p plan) error {
	for _, set := range p.replace {
		if err := r.remove(ctx, set, nodeconfig.KindRules); err != nil {
			return err
		}
	}
	for _, digest := range slices.Sorted(maps.Keys(p.sets)) {
		if err := r.createSet(ctx, digest, p.sets[digest]); err != nil {
			return err
		}
	}
	if err := each(p.write, func(node observe.Node) error { return r.write(ctx, node) }); err != nil {
		return err
	}
	if err := each(p.remove, func(m *corev1.ConfigMap) error { return r.remove(ctx, m, nodeconfig.KindNode) }); err != nil {
		return err
	}
	return each(p.collect, func(m *corev1.ConfigMap) error { return r.remove(ctx, m, nodeconfig.KindRules) })
}

// each works on all items, a few at a time, and returns all errors.
func each[T any](items []T, work func(T) error) error {
	errs := make([]error, len(items))
	var wait sync.WaitGroup
	slots := make(chan struct{}, writers)
	for i, item := range items {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = work(item)
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (r *Reconciler) createSet(ctx context.Context, digest string, set nodeconfig.RuleSet) error {
	wanted := setMap(r.namespace, digest, set)
	err := r.client.Create(ctx, wanted)
	if apierrors.IsAlreadyExists(err) {
		// It is there and the cache does not show it: somebody took its label. Nothing of an immutable object but its metadata can differ.
		err = r.client.Update(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("creating rule set %s: %w", digest, err)
	}
	r.log.Info("created a rule set", "digest", digest, "policies", slices.Sorted(maps.Keys(set)))
	r.metrics.written.WithLabelValues(nodeconfig.KindRules, "create").Inc()
	return nil
}

// write makes the node's ConfigMap what it should be.
func (r *Reconciler) write(ctx context.Context, node observe.Node) error {
	wanted, err := nodeMap(r.namespace, node)
	if err != nil {
		return err
	}
	operation := "update"
	switch {
	case node.ConfigMap == nil:
		operation = "create"
		err = r.client.Create(ctx, wanted)
		if apierrors.IsAlreadyExists(err) {
			// Somebody took the label by which the cache knows it. Without a resource version, whatever is there is replaced.
			err = r.client.Update(ctx, wanted)
		}
	case node.ConfigMap.Immutable != nil:
		// Somebody made it immutable, which can only be undone by deleting it. The next look creates it again.
		operation = "delete"
		err = r.client.Delete(ctx, node.ConfigMap.DeepCopy())
	default:
		wanted.ResourceVersion = node.ConfigMap.ResourceVersion
		err = r.client.Update(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration of node %s: %w", node.Name, err)
	}
	r.log.Info("wrote a node's configuration", "node", node.Name, "operation", operation, "digest", node.Desired, "before", node.Has.Digest)
	r.metrics.written.WithLabelValues(nodeconfig.KindNode, operation).Inc()
	return nil
}

// remove deletes what the caches show, and nothing that has been created or changed since.
func (r *Reconciler) remove(ctx context.Context, m *corev1.ConfigMap, kind string) error {
	err := r.client.Delete(ctx, m.DeepCopy(), client.Preconditions(metav1.Preconditions{UID: &m.UID, ResourceVersion: &m.ResourceVersion}))
	if err := client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("deleting ConfigMap %s: %w", m.Name, err)
	}
	r.log.Info("deleted a ConfigMap", "name", m.Name, "kind", kind)
	r.metrics.written.WithLabelValues(kind, "delete").Inc()
	return nil
}
