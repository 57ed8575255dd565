package desired

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// backoff is how long an API server that is away is left alone: at most 5 to 7.5 s. An informer's own minute would make a node that late with its rules
// after each outage; one request for one object is little even where all nodes of a large cluster make it.
func backoff() *wait.Backoff {
	const most = 5 * time.Second
	return &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.5, Cap: most, Steps: 10}
}

// follower is told of one ConfigMap. The functions are called from one goroutine.
type follower struct {
	// changed gets what is in the cluster now, also where it is as before.
	changed func(*corev1.ConfigMap)
	// missing says that there is none, or none any more.
	missing func()
}

// follow watches the ConfigMap of that name until ctx ends.
func follow(ctx context.Context, client kubernetes.Interface, namespace, name string, f follower) {
	source := cache.ToListWatcherWithWatchListSemantics(only(client, namespace, name), client)
	cache.NewReflectorWithOptions(source, &corev1.ConfigMap{}, f, cache.ReflectorOptions{Name: name, Backoff: backoff()}).RunWithContext(ctx)
}

// only lists and watches the one ConfigMap of that name.
func only(client kubernetes.Interface, namespace, name string) *cache.ListWatch {
	maps := client.CoreV1().ConfigMaps(namespace)
	only := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = only
			return maps.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.FieldSelector = only
			return maps.Watch(ctx, options)
		},
	}
}

// Add, Update, Delete, Replace and Resync make a follower what a cache.Reflector fills.

// Add takes one that has been made.
func (f follower) Add(object any) error { return f.Update(object) }

// Update takes one that has been changed.
func (f follower) Update(object any) error {
	if config, ok := object.(*corev1.ConfigMap); ok {
		f.changed(config)
	}
	return nil
}

// Delete says that it has been deleted.
func (f follower) Delete(any) error {
	f.missing()
	return nil
}

// Replace takes all that there are: one or none.
func (f follower) Replace(all []any, _ string) error {
	if len(all) == 0 {
		f.missing()
	}
	for _, object := range all {
		_ = f.Update(object)
	}
	return nil
}

// Resync has nothing to do.
func (follower) Resync() error { return nil }
