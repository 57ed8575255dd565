package nodeconfig

import (
	"encoding/json"
	"errors"
	"fmt"

	strict "sigs.k8s.io/json"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Names of the ConfigMap of tenants and of its keys. There is one for all nodes: what tenants ask for is the same on each of them, and is none of a
// node's own configuration, so that an edit of a tenant's makes no policy wait and no rollout begin.
const (
	// TenantsName is its name.
	TenantsName = "nodeaudit-tenants"
	// TenantsKey is the key of the encoded Tenants. Its digest is below DigestKey.
	TenantsKey = "tenants.json"
	// HistoryKey is the key of what the controller remembers of earlier documents. No agent reads it.
	HistoryKey = "history.json"
	// TenantRoutePrefix comes before namespace/name in the name of a tenant's route. Names of policies have no colon.
	TenantRoutePrefix = "tenant:"
)

// TenantsVersion is the latest version of the document of tenants that this package writes.
const TenantsVersion = 1

// Tenants is what the people of namespaces ask for.
type Tenants struct {
	// Digest is that of the document which it was decoded from. It travels with what it speaks of, so that an agent acknowledges what it uses and
	// nothing else. It is no part of the document, and empty where there is none.
	Digest string `json:"-"`
	// Version is the version of the document.
	Version int `json:"version"`
	// Destinations are those that the sinks of tenants may reach.
	Destinations []allow.Destination `json:"destinations,omitempty"`
	// Tenants are the namespaces that have routes, ordered by name.
	Tenants []Tenant `json:"tenants,omitempty"`
}

// Tenant is one namespace. Its routes see the events of its own pods and of no others, and name its own sinks and no others.
type Tenant struct {
	// Namespace is its name.
	Namespace string `json:"namespace"`
	// Routes are its routes. The name of each is TenantRoutePrefix, the namespace, a slash and its own; its match asks for the namespace, and for no
	// other. The controller writes both.
	Routes []v1alpha1.Route `json:"routes"`
	// Sinks are those that Routes name, by their names in the namespace. Their Secrets are the namespace's.
	Sinks []Sink `json:"sinks"`
}

// TenantKey names an object of a tenant.
type TenantKey struct {
	// Namespace and Name are the object's.
	Namespace, Name string
}

// String is namespace/name.
func (k TenantKey) String() string { return k.Namespace + "/" + k.Name }

// EncodeTenants returns the data of the ConfigMap of tenants.
func EncodeTenants(tenants Tenants) (map[string]string, error) {
	tenants.Version = TenantsVersion
	document, err := json.Marshal(tenants)
	if err != nil {
		return nil, fmt.Errorf("encoding what tenants ask for: %w", err)
	}
	return map[string]string{TenantsKey: string(document), DigestKey: digest(document)}, nil
}

// DecodeTenants reads the data of the ConfigMap of tenants. It returns ErrDigest where the document does not match its digest and ErrVersion where it
// is of a later version. A document that says a thing twice is an error, because the second one would be filled into what the first one has left, and one
// without a version too: it is none that a controller writes, and to use it would be to throw away what waits for all tenants.
func DecodeTenants(data map[string]string) (Tenants, error) {
	document := []byte(data[TenantsKey])
	if digest(document) != data[DigestKey] {
		return Tenants{}, fmt.Errorf("key %s: %w", TenantsKey, ErrDigest)
	}
	var tenants Tenants
	twice, err := strict.UnmarshalStrict(document, &tenants, strict.DisallowDuplicateFields)
	switch {
	case err != nil:
		return Tenants{}, fmt.Errorf("key %s: %w", TenantsKey, err)
	case len(twice) > 0:
		return Tenants{}, fmt.Errorf("key %s: %w", TenantsKey, errors.Join(twice...))
	case tenants.Version < 1:
		return Tenants{}, fmt.Errorf("key %s: it has no version", TenantsKey)
	case tenants.Version > TenantsVersion:
		return Tenants{}, fmt.Errorf("key %s: version %d, known up to %d: %w", TenantsKey, tenants.Version, TenantsVersion, ErrVersion)
	default:
		tenants.Digest = data[DigestKey]
		return tenants, nil
	}
}
