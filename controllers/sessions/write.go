package sessions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/session"
)

const (
	// writeEvery is how long sessions are gathered: no ConfigMap is written more often.
	writeEvery = time.Second
	// markEvery is how soon all ConfigMaps say that a session was missed.
	markEvery = 5 * time.Second
	// sweepEvery is how often what is over is taken out of all ConfigMaps.
	sweepEvery = 10 * time.Minute
	// patience bounds one pass, and after giveUp a session that could not be written is given up.
	patience = 30 * time.Second
	giveUp   = 2 * time.Minute
	// atOnce is how many requests are made at a time.
	atOnce = 8
)

// writer writes the ConfigMaps.
type writer struct {
	client  client.Client // without a cache
	nodes   client.Reader
	options Options
	waiting *pending
	marked  time.Time // that there is a session of which no node was told is in all ConfigMaps up to here
}

// NeedLeaderElection says that every replica writes what it was told.
func (*writer) NeedLeaderElection() bool { return false }

// Start writes until ctx ends.
func (w *writer) Start(ctx context.Context) error {
	write, mark, sweep := time.NewTicker(writeEvery), time.NewTicker(markEvery), time.NewTicker(sweepEvery)
	defer write.Stop()
	defer mark.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-write.C:
			w.pass(ctx, w.waiting.take())
		case <-mark.C:
			if w.waiting.lastMissed().After(w.marked) {
				w.clean(ctx)
			}
		case <-sweep.C:
			w.clean(ctx)
		}
	}
}

// clean has every ConfigMap without what is over, and with what was missed.
func (w *writer) clean(ctx context.Context) {
	missed := w.waiting.lastMissed()
	switch err := w.sweep(ctx); {
	case err == nil:
		w.marked = missed
	case ctx.Err() == nil && !apierrors.IsConflict(err): // who wrote meanwhile has swept, and what was missed is tried again
		w.options.Log.Warn("bringing the ConfigMaps of sessions up to date", "err", err)
	}
}

// pass writes sessions to the ConfigMaps of the nodes of their pods.
func (w *writer) pass(ctx context.Context, list []*session.Session) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	byPod := map[client.ObjectKey][]*session.Session{}
	for _, s := range list {
		at := client.ObjectKey{Namespace: s.Namespace, Name: s.Pod}
		byPod[at] = append(byPod[at], s)
	}
	byNode := map[string][]*session.Session{}
	for node, of := range w.nodesOf(ctx, byPod) {
		byNode[node] = append(byNode[node], of...)
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for node, of := range byNode {
		group.Go(func() error {
			if err := w.write(ctx, node, of); err != nil {
				w.again(of, err)
				return nil
			}
			w.options.Metrics.sessions.WithLabelValues("told").Add(float64(len(of)))
			return nil
		})
	}
	_ = group.Wait() // what failed is noted
}

// nodesOf finds the nodes of pods. A pod that is gone runs nothing any more.
func (w *writer) nodesOf(ctx context.Context, byPod map[client.ObjectKey][]*session.Session) map[string][]*session.Session {
	type found struct {
		node string
		of   []*session.Session
	}
	results := make(chan found, len(byPod))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for key, of := range byPod {
		group.Go(func() error {
			pod := &corev1.Pod{}
			switch err := w.client.Get(ctx, key, pod); {
			case apierrors.IsNotFound(err) || (err == nil && pod.Spec.NodeName == ""):
				w.options.Metrics.sessions.WithLabelValues("unplaced").Add(float64(len(of)))
			case err != nil:
				w.again(of, fmt.Errorf("finding the node of a pod: %w", err))
			default:
				results <- found{pod.Spec.NodeName, of}
			}
			return nil
		})
	}
	_ = group.Wait() // what failed is noted
	close(results)
	byNode := map[string][]*session.Session{}
	for r := range results {
		byNode[r.node] = append(byNode[r.node], r.of...)
	}
	return byNode
}

// again keeps sessions for the next pass, unless they are old or too many.
func (w *writer) again(list []*session.Session, err error) {
	if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
		w.options.Log.Warn("telling a node of sessions", "err", err)
	}
	for _, s := range list {
		if w.options.Now().Sub(s.Begin) > giveUp && w.options.Now().Sub(s.End) > giveUp || !w.waiting.add(s) {
			w.options.Metrics.sessions.WithLabelValues("lost").Inc()
			w.waiting.miss(s.Begin)
		}
	}
}

// write adds sessions to what the node's ConfigMap has, whoever wrote that.
func (w *writer) write(ctx context.Context, node string, list []*session.Session) error {
	key := client.ObjectKey{Namespace: w.options.Namespace, Name: nodeconfig.SessionsPrefix + node}
	has := &corev1.ConfigMap{}
	err := w.client.Get(ctx, key, has)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading ConfigMap %s: %w", key.Name, err)
	}
	document := w.decode(has)
	document.Node = node
	for _, s := range list {
		document.Add(s)
	}
	document.Trim(w.options.Now())
	if err == nil {
		return w.update(ctx, has, &document)
	}
	made, err := w.made(ctx, key, &document)
	if err != nil {
		return err
	}
	if err := w.client.Create(ctx, made); err != nil {
		return fmt.Errorf("creating ConfigMap %s: %w", key.Name, err)
	}
	return nil
}

// decode reads what a ConfigMap has, and adds when a session was missed. What nobody can read is replaced.
func (w *writer) decode(m *corev1.ConfigMap) session.Document {
	document, err := session.Document{}, error(nil)
	if len(m.Data) > 0 {
		document, err = session.Decode(m.Data, w.options.Now())
	}
	if err != nil {
		w.options.Log.Warn("writing the sessions of a node anew", "configMap", m.Name, "err", err)
		return session.Document{Lost: w.options.Now()}
	}
	if missed := w.waiting.lastMissed(); document.Lost.Before(missed) {
		document.Lost = missed
	}
	return document
}

// made is a new ConfigMap. It belongs to the Node object, and goes with it.
func (w *writer) made(ctx context.Context, key client.ObjectKey, document *session.Document) (*corev1.ConfigMap, error) {
	node := &metav1.PartialObjectMetadata{}
	node.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	if err := w.nodes.Get(ctx, client.ObjectKey{Name: document.Node}, node); err != nil {
		return nil, fmt.Errorf("finding node %s: %w", document.Node, err)
	}
	data, err := document.Encode()
	if err != nil {
		return nil, err
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name,
			Labels: map[string]string{
				"app.kubernetes.io/name": "nodeaudit", "app.kubernetes.io/managed-by": "nodeaudit-controller", nodeconfig.KindLabel: nodeconfig.KindSessions,
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}},
		},
		Data: data,
	}, nil
}

// update writes what is new, unless somebody else has written meanwhile.
func (w *writer) update(ctx context.Context, has *corev1.ConfigMap, document *session.Document) error {
	remove := client.Preconditions(metav1.Preconditions{UID: &has.UID, ResourceVersion: &has.ResourceVersion})
	if document.Empty() {
		return client.IgnoreNotFound(w.client.Delete(ctx, has, remove))
	}
	data, err := document.Encode()
	if err != nil || maps.Equal(data, has.Data) {
		return err
	}
	has.Data, has.BinaryData = data, nil
	if err := w.client.Update(ctx, has); err != nil {
		return fmt.Errorf("writing ConfigMap %s: %w", has.Name, err)
	}
	return nil
}

// sweep takes out what is over.
func (w *writer) sweep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery/2)
	defer cancel()
	var all corev1.ConfigMapList
	if err := w.client.List(ctx, &all, client.InNamespace(w.options.Namespace), client.MatchingLabels{nodeconfig.KindLabel: nodeconfig.KindSessions}); err != nil {
		return fmt.Errorf("listing ConfigMaps of sessions: %w", err)
	}
	var errs []error
	for i := range all.Items {
		document := w.decode(&all.Items[i])
		if err := w.update(ctx, &all.Items[i], &document); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
