package pods

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	informers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

// Watcher knows the pods of a node. It is safe for concurrent use.
type Watcher struct {
	informer cache.SharedIndexInformer
	pods     *table
}

var _ enrich.Pods = (*Watcher)(nil)

// New returns a Watcher for the pods of a node. It knows nothing before Run. The client needs the rights to list and watch pods.
func New(client kubernetes.Interface, node string) *Watcher {
	w := &Watcher{
		informer: informers.NewFilteredPodInformer(client, metav1.NamespaceAll, 0, cache.Indexers{}, func(options *metav1.ListOptions) {
			options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", node).String()
		}),
		pods: newTable(),
	}
	// Both give errors only to an informer that runs already.
	_ = w.informer.SetTransform(newRecord)
	_, _ = w.informer.AddEventHandler(w.pods.handler())
	return w
}

// Run watches until ctx is done. It is called once.
func (w *Watcher) Run(ctx context.Context) {
	var sweeping sync.WaitGroup
	sweeping.Go(func() { w.sweep(ctx) })
	w.informer.RunWithContext(ctx)
	sweeping.Wait()
}

func (w *Watcher) sweep(ctx context.Context) {
	ticker := time.NewTicker(keep / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.pods.sweep()
		}
	}
}

// Container returns the pod with a UID or, of a static pod, a hash, and the name of the container with an id.
func (w *Watcher) Container(podUID, containerID string) (enrich.Pod, bool) {
	found, ok := w.pods.get(podUID)
	if !ok {
		return enrich.Pod{}, false
	}
	return found.pod(containerID), true
}
