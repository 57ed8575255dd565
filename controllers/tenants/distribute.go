package tenants

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// distribute makes the ConfigMap what it should be.
func (r *Reconciler) distribute(ctx context.Context) error {
	wanted := &corev1.ConfigMap{}
	wanted.Namespace, wanted.Name = r.options.Namespace, nodeconfig.TenantsName
	wanted.Labels = map[string]string{
		"app.kubernetes.io/name": "nodeaudit", "app.kubernetes.io/managed-by": "nodeaudit-controller", nodeconfig.KindLabel: nodeconfig.KindTenants,
	}
	has := &corev1.ConfigMap{}
	err := r.client.Get(ctx, client.ObjectKeyFromObject(wanted), has)
	if err == nil {
		r.written.recall(has.Data)
	}
	r.written.add(r.document)
	wanted.Data = maps.Clone(r.data)
	wanted.Data[nodeconfig.HistoryKey] = r.written.encode()
	switch {
	case apierrors.IsNotFound(err):
		err = r.client.Create(ctx, wanted)
		if apierrors.IsAlreadyExists(err) {
			// Somebody took the label by which the cache knows it. Without a resource version, whatever is there is replaced.
			err = r.client.Update(ctx, wanted)
		}
	case err != nil:
	case maps.Equal(has.Data, wanted.Data) && maps.Equal(has.Labels, wanted.Labels) && len(has.BinaryData) == 0:
		return nil
	case has.Immutable != nil && *has.Immutable:
		err = r.client.Delete(ctx, has.DeepCopy()) // the next look creates it again
	default:
		wanted.ResourceVersion = has.ResourceVersion
		err = r.client.Update(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("writing the ConfigMap of tenants: %w", err)
	}
	r.options.Log.Info("wrote what tenants ask for", "digest", r.data[nodeconfig.DigestKey])
	return nil
}
