package compile

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// The queue of a tenant's sink where it asks for none, and the least one.
const (
	defaultTenantQueue = 16 << 20
	leastQueue         = 4 << 20
)

// usableSinks are the specs of the namespace's sinks that may be used, as the agents get them, and gives a verdict on each.
func (t *tenant) usableSinks() map[string]v1alpha1.AuditSinkSpec {
	usable := map[string]v1alpha1.AuditSinkSpec{}
	left := t.rules.QueueBytes
	for _, sink := range t.sinks {
		spec, verdict := t.sink(&sink.Spec, &left)
		t.verdicts.Sinks[t.key(sink.Name)] = verdict
		if verdict.Reason == "" {
			usable[sink.Name] = spec
		}
	}
	return usable
}

// ForTenantSink says what is wrong with what the sink itself says, whatever else there is, and whatever the platform lets tenants have.
func ForTenantSink(object *v1alpha1.NamespacedAuditSink) TenantVerdict {
	return judgeSink(&object.Spec)
}

func judgeSink(spec *v1alpha1.AuditSinkSpec) TenantVerdict {
	no := func(format string, args ...any) TenantVerdict {
		return TenantVerdict{Reason: v1alpha1.ReasonNotAllowed, Message: fmt.Sprintf(format, args...)}
	}
	if !v1alpha1.ForTenants(spec.Type) {
		return no("sinks of type %s are not for tenants: they are a part of the node, or take the node's own rights", spec.Type)
	}
	if spec.WithoutKeys() {
		return no("%s.auth is missing: a tenant logs in with keys of its own, and not with the node's rights", spec.Type)
	}
	if _, wrong := spec.Addresses(); len(wrong) > 0 {
		return no("%q is no address with a port that can be judged: correct it", wrong[0])
	}
	if spec.Queue != nil && spec.Queue.Type == v1alpha1.SinkQueueMemory {
		return no("queue.type: the queue of a tenant is on disk, because memory is the agent's: leave it out")
	}
	return TenantVerdict{}
}

func (t *tenant) sink(asked *v1alpha1.AuditSinkSpec, left *int64) (v1alpha1.AuditSinkSpec, TenantVerdict) {
	spec := *asked.DeepCopy()
	if verdict := judgeSink(&spec); verdict.Reason != "" {
		return spec, verdict
	}
	if verdict := t.reach(&spec); verdict.Reason != "" {
		return spec, verdict
	}
	smallObjects(&spec)
	return spec, t.queue(&spec, left)
}

// mostObject is the size of objects in S3 before they are packed: the agent has them in memory, several times, and memory is no tenant's.
const mostObject = 1 << 20

func smallObjects(spec *v1alpha1.AuditSinkSpec) {
	if spec.Type != v1alpha1.SinkTypeS3 || spec.S3 == nil {
		return
	}
	if spec.S3.Batch == nil {
		spec.S3.Batch = &v1alpha1.S3Batch{}
	}
	if size := spec.S3.Batch.MaxSize; size == nil || size.Value() > mostObject {
		spec.S3.Batch.MaxSize = resource.NewQuantity(mostObject, resource.BinarySI)
	}
}

// reach judges names. What a name stands for, and an address that is in a Secret, the agent judges when it connects.
func (t *tenant) reach(spec *v1alpha1.AuditSinkSpec) TenantVerdict {
	addresses, _ := spec.Addresses()
	for _, address := range addresses {
		if err := t.allowed.Name(address.Host, address.Port); err != nil {
			return TenantVerdict{Reason: v1alpha1.ReasonNotAllowed, Message: err.Error()}
		}
	}
	return TenantVerdict{}
}

// queue gives the sink its share of what the namespace may keep on a node.
func (t *tenant) queue(spec *v1alpha1.AuditSinkSpec, left *int64) TenantVerdict {
	if spec.Queue == nil {
		spec.Queue = &v1alpha1.SinkQueue{}
	}
	size := min(defaultTenantQueue, t.rules.QueueBytes)
	if spec.Queue.MaxSize != nil {
		size = max(spec.Queue.MaxSize.Value(), leastQueue)
	}
	if size > *left {
		return TenantVerdict{Reason: v1alpha1.ReasonLimitExceeded, Message: fmt.Sprintf("the queue of %s does not fit: those of the namespace may hold %s on each node, "+
			"of which older sinks leave %s: set queue.maxSize lower, here or there", inBytes(size), inBytes(t.rules.QueueBytes), inBytes(*left))}
	}
	*left -= size
	spec.Queue.MaxSize = new(*resource.NewQuantity(size, resource.BinarySI))
	return TenantVerdict{}
}

func inBytes(n int64) string { return resource.NewQuantity(n, resource.BinarySI).String() }
