package admit

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

const (
	// lookEvery is how often the certificate is looked at when nothing happens. It is short beside any life, so that no clock that jumps and
	// no suspended machine lets one end unnoticed. A look reads two objects from the cache.
	lookEvery = 5 * time.Minute
	// again is when a look that met another writer is repeated.
	again = time.Second
)

// keeper keeps the certificate in the Secret, and tells the API server whom to trust. Only the leader does.
type keeper struct {
	client client.Client
	key    client.ObjectKey // of the Secret
	log    *slog.Logger
	now    func() time.Time
}

func keep(mgr manager.Manager, options Options) error {
	k := &keeper{
		client: mgr.GetClient(), key: client.ObjectKey{Namespace: options.Namespace, Name: Name}, log: options.Log, now: options.Now,
	}
	c, err := controller.New("certificate", mgr, controller.Options{Reconciler: k})
	if err != nil {
		return fmt.Errorf("creating the controller certificate: %w", err)
	}
	for _, s := range []source.Source{
		source.Kind(mgr.GetCache(), &corev1.Secret{}, &handler.TypedEnqueueRequestForObject[*corev1.Secret]{}),
		source.Kind(mgr.GetCache(), &admissionregistrationv1.ValidatingWebhookConfiguration{},
			&handler.TypedEnqueueRequestForObject[*admissionregistrationv1.ValidatingWebhookConfiguration]{}),
	} {
		if err := c.Watch(s); err != nil {
			return fmt.Errorf("watching for the controller certificate: %w", err)
		}
	}
	return nil
}

// names are those under which the API server calls the Service.
func (k *keeper) names() []string {
	return []string{fmt.Sprintf("%s.%s.svc", Name, k.key.Namespace)}
}

// Reconcile takes one look at both objects. The Secret is written first: what API servers are told to trust must never be lost.
func (k *keeper) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	err := k.look(ctx)
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	return reconcile.Result{RequeueAfter: lookEvery}, err
}

func (k *keeper) look(ctx context.Context) error {
	secret, configuration := &corev1.Secret{}, &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := k.client.Get(ctx, k.key, secret); err != nil {
		return fmt.Errorf("reading the Secret of the webhook, which comes with the chart: %w", err)
	}
	if err := k.client.Get(ctx, client.ObjectKey{Name: Name}, configuration); err != nil {
		return fmt.Errorf("reading the configuration of the webhook, which comes with the chart: %w", err)
	}
	data, err := certificate.Renew(secret.Data, k.names(), trusted(configuration), k.now())
	if err != nil {
		return fmt.Errorf("renewing the certificate of the webhook: %w", err)
	}
	if err := k.store(ctx, secret, data); err != nil {
		return err
	}
	return k.publish(ctx, configuration, data[certificate.AuthorityKey])
}

// store writes the Secret where something is new.
func (k *keeper) store(ctx context.Context, secret *corev1.Secret, data map[string][]byte) error {
	if maps.EqualFunc(secret.Data, data, bytes.Equal) {
		return nil
	}
	changed := secret.DeepCopy()
	changed.Data = data
	if err := k.client.Patch(ctx, changed, client.MergeFromWithOptions(secret, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("writing the certificate of the webhook: %w", err)
	}
	serving, authority := certificate.Expiry(data)
	k.log.Info("renewed the certificate of the webhook", "servingUntil", serving, "authorityUntil", authority)
	return nil
}

// publish gives the API server the authorities to trust. It changes nothing else of the configuration, which is the chart's.
func (k *keeper) publish(ctx context.Context, configuration *admissionregistrationv1.ValidatingWebhookConfiguration, bundle []byte) error {
	if bytes.Equal(trusted(configuration), bundle) {
		return nil
	}
	changed := configuration.DeepCopy()
	for i := range changed.Webhooks {
		changed.Webhooks[i].ClientConfig.CABundle = bundle
	}
	if err := k.client.Patch(ctx, changed, client.StrategicMergeFrom(configuration, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("telling the API server whom to trust: %w", err)
	}
	return nil
}

// trusted is the bundle that every webhook of the configuration has, and nil where they differ.
func trusted(configuration *admissionregistrationv1.ValidatingWebhookConfiguration) []byte {
	var bundle []byte
	for i, w := range configuration.Webhooks {
		if i > 0 && !bytes.Equal(bundle, w.ClientConfig.CABundle) {
			return nil
		}
		bundle = w.ClientConfig.CABundle
	}
	return bundle
}
