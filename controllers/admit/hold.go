package admit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

// holder holds the certificate that this replica serves with, as it is in the Secret.
type holder struct {
	log     *slog.Logger
	metrics *Metrics
	current atomic.Pointer[tls.Certificate]
}

// follow takes each version of the Secret. Where it is deleted or damaged, the replica goes on with what it has.
func (h *holder) follow(from cache.Cache) error {
	informer, err := from.GetInformer(context.Background(), &corev1.Secret{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watching the Secret of the webhook: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { h.take(object) },
		UpdateFunc: func(_, object any) { h.take(object) },
	})
	if err != nil {
		return fmt.Errorf("following the Secret of the webhook: %w", err)
	}
	return nil
}

func (h *holder) take(object any) {
	secret, is := object.(*corev1.Secret)
	if !is {
		return
	}
	switch serving, err := certificate.Serving(secret.Data); {
	case errors.Is(err, certificate.ErrNone):
	case err != nil:
		h.log.Warn("going on with the earlier certificate of the webhook", "secret", secret.Name, "err", err)
	default:
		h.current.Store(serving)
		h.metrics.show(secret.Data)
	}
}

// get is called for every connection.
func (h *holder) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if current := h.current.Load(); current != nil {
		return current, nil
	}
	return nil, fmt.Errorf("%w: the leader makes it in Secret %s", certificate.ErrNone, Name)
}
