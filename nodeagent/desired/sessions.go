package desired

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/session"
)

// Sessions watches who opened sessions in the node's pods at the API server.
type Sessions struct {
	client          kubernetes.Interface
	namespace, node string
	log             *slog.Logger
}

// NewSessions returns what watches the ConfigMap nodeaudit-sessions-<node>.
func NewSessions(client kubernetes.Interface, namespace, node string, log *slog.Logger) *Sessions {
	return &Sessions{client: client, namespace: namespace, node: node, log: log}
}

// Run calls update, from one goroutine, with each change until ctx ends. Nothing of it is kept on disk: what an agent does not know when it starts, it
// could not be sure of anyway.
func (s *Sessions) Run(ctx context.Context, update func(session.Document)) {
	name := nodeconfig.SessionsPrefix + s.node
	take := func(object any) {
		if m, is := object.(*corev1.ConfigMap); is {
			s.take(m, update)
		}
	}
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(only(s.client, s.namespace, name), s.client),
		ObjectType:    &corev1.ConfigMap{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc: take, UpdateFunc: func(_, now any) { take(now) },
			DeleteFunc: func(any) { update(session.Document{Node: s.node}) }, // all of them are over
		},
	})
	informer.RunWithContext(ctx)
}

func (s *Sessions) take(m *corev1.ConfigMap, update func(session.Document)) {
	document, err := session.Decode(m.Data, time.Now())
	if err == nil && document.Node != s.node {
		err = fmt.Errorf("it is for node %q", document.Node)
	}
	if err != nil {
		s.log.Error("going on with the sessions that were known before", "err", fmt.Errorf("ConfigMap %s/%s: %w", m.Namespace, m.Name, err))
		return
	}
	update(document)
}
