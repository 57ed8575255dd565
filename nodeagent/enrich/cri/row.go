package cri

import (
	"cmp"
	"maps"
	"strings"
	"time"

	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

// The labels that the kubelet gives to what it has the runtime make.
const (
	ownLabels      = "io.kubernetes."
	labelPod       = "io.kubernetes.pod.name"
	labelNamespace = "io.kubernetes.pod.namespace"
	labelUID       = "io.kubernetes.pod.uid"
	labelContainer = "io.kubernetes.container.name"
)

// row is what is known of a container.
type row struct {
	podUID string
	pod    enrich.Pod
	seen   time.Time
}

// rows reads the lists of a runtime. What the kubelet has not made is left out.
func rows(containers []*runtime.Container, sandboxes []*runtime.PodSandbox, now time.Time) map[string]row {
	found := make(map[string]row, len(containers)+len(sandboxes))
	labels := map[string]map[string]string{}
	for _, s := range sandboxes {
		labels[s.GetId()] = podLabels(s.GetLabels())
		if s.GetMetadata().GetUid() == "" || s.GetMetadata().GetName() == "" {
			continue
		}
		found[s.GetId()] = row{podUID: s.GetMetadata().GetUid(), seen: now, pod: enrich.Pod{
			Namespace: s.GetMetadata().GetNamespace(), Name: s.GetMetadata().GetName(), Labels: labels[s.GetId()], SharesPIDs: true,
		}}
	}
	for _, c := range containers {
		own := c.GetLabels()
		if own[labelPod] == "" || own[labelUID] == "" {
			continue
		}
		found[c.GetId()] = row{podUID: own[labelUID], seen: now, pod: enrich.Pod{
			Namespace: own[labelNamespace], Name: own[labelPod], Labels: labels[c.GetPodSandboxId()],
			Container: cmp.Or(own[labelContainer], c.GetMetadata().GetName()), Image: imageOf(c), ImageID: c.GetImageRef(),
			// The lists do not say whether containers of a pod share a pid namespace, so it is not said which process came from outside.
			SharesPIDs: true,
		}}
	}
	return found
}

// podLabels returns the labels of a pod without those that the kubelet has added for itself.
func podLabels(all map[string]string) map[string]string {
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(name, _ string) bool { return strings.HasPrefix(name, ownLabels) })
	if len(own) == 0 {
		return nil
	}
	return own
}

// imageOf returns the image as the pod's specification names it, where the runtime has been told.
func imageOf(c *runtime.Container) string {
	if name := c.GetImage().GetUserSpecifiedImage(); name != "" {
		return name
	}
	if name := c.GetImage().GetImage(); !strings.HasPrefix(name, "sha256:") {
		return name
	}
	return ""
}
