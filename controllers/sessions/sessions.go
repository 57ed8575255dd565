// Package sessions tells the agent of each node who opened sessions in that node's pods at the API server: kubectl exec, attach and debug.
//
// Audit events of API servers come in, over HTTPS, from whoever has the token in the Secret named Name; a ConfigMap for each node goes out with the
// sessions of that node's pods. Nothing else of the audit events is kept. Every replica answers, and adds what it was told to what is there already; the
// leader also keeps certificate and token. What a session has to do with a process, the agents decide.
package sessions

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Name is that of the Service and of the Secret. The role names the latter.
const Name = "nodeaudit-apiaudit"

// Path is where API servers send their audit events.
const Path = "/audit"

// Options are what it needs beside the manager.
type Options struct {
	// Namespace is that of the Service, the Secret and the ConfigMaps.
	Namespace string
	// Port is where to listen.
	Port int
	// Log is where it says what it did.
	Log *slog.Logger
	// Metrics counts what it did.
	Metrics *Metrics
	// Now is the clock.
	Now func() time.Time
}

// Setup adds the endpoint and what stands behind it to the manager.
func Setup(mgr manager.Manager, options Options) error {
	node := &metav1.PartialObjectMetadata{}
	node.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	if _, err := mgr.GetCache().GetInformer(context.Background(), node, cache.BlockUntilSynced(false)); err != nil {
		return fmt.Errorf("watching nodes for sessions: %w", err)
	}
	// The manager's own client has those who list wait until they see what it has written, in a cache that does not have these objects.
	direct, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return fmt.Errorf("connecting to the cluster for sessions: %w", err)
	}
	waiting := &pending{}
	credentials := &keeper{client: direct, options: options, elected: mgr.Elected()}
	for _, part := range []manager.Runnable{
		credentials,
		&server{options: options, credentials: credentials, waiting: waiting},
		&writer{client: direct, nodes: mgr.GetCache(), options: options, waiting: waiting},
	} {
		if err := mgr.Add(part); err != nil {
			return fmt.Errorf("adding %T: %w", part, err)
		}
	}
	return nil
}
