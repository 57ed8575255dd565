package cri

import "github.com/nodeaudit/nodeaudit/nodeagent/enrich"

// Join asks the API server's pods first, and the runtime for what they do not know. Either may be nil.
func Join(api, runtime enrich.Pods) enrich.Pods {
	switch {
	case api == nil:
		return runtime
	case runtime == nil:
		return api
	}
	return joined{api, runtime}
}

type joined struct{ api, runtime enrich.Pods }

// Container returns what both know.
func (j joined) Container(podUID, containerID string) (enrich.Pod, bool) {
	pod, ok := j.api.Container(podUID, containerID)
	if ok && (pod.Container != "" || containerID == "") {
		return pod, true
	}
	told, known := j.runtime.Container(podUID, containerID)
	switch {
	case !known:
		return pod, ok
	case !ok:
		return told, true
	}
	pod.Container, pod.Image, pod.ImageID = told.Container, told.Image, told.ImageID
	return pod, true
}
