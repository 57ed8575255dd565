// Package granted asks a cluster for the Secrets that a namespace lets the agents read.
//
// The name of a namespace comes in, a secret.Source for it goes out. The agents have no right to any Secret: each namespace gives them that to read the
// ones that it means, by their names. The package asks for single objects, and neither lists nor watches.
package granted

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

// account is the agents' ServiceAccount, which people name in the RoleBindings of their namespaces.
const account = "nodeaudit-agent"

// Secrets returns what makes the source of a namespace. own is the namespace of nodeaudit, which people name with the agents' account.
func Secrets(client kubernetes.Interface, own string) func(namespace string) secret.Source {
	var mu sync.Mutex
	known := map[string]*secret.Remote{}
	return func(namespace string) secret.Source {
		mu.Lock()
		defer mu.Unlock()
		if known[namespace] == nil {
			known[namespace] = secret.NewRemote(func(ctx context.Context, name string) (map[string][]byte, error) {
				found, err := client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
				if err != nil {
					return nil, explained(err, namespace, name, own)
				}
				return found.Data, nil
			})
		}
		return known[namespace]
	}
}

// explained says how a namespace lets the agents read one Secret, in commands that do it. docs/tenants.md has the same as YAML.
func explained(err error, namespace, name, own string) error {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the agents may not read the Secret %[2]s/%[3]s: allow it: kubectl -n %[2]s create role nodeaudit-%[3]s --verb=get --resource=secrets "+
			"--resource-name=%[3]s && kubectl -n %[2]s create rolebinding nodeaudit-%[3]s --role=nodeaudit-%[3]s --serviceaccount=%[4]s:%[5]s: %[1]w",
			secret.ErrDenied, namespace, name, own, account)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("there is no Secret %s/%s: create it: %w", namespace, name, secret.ErrDenied)
	default:
		return fmt.Errorf("the API server did not give the Secret %s/%s: %w", namespace, name, err)
	}
}
