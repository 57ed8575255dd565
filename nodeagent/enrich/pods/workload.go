package pods

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// workloadOf says what made a pod. The pod names its owner; that one's own owner would take another right to read, and follows from the name:
// a Deployment gives its ReplicaSets its name and the hash that their pods have as a label, a CronJob gives its Jobs its name and the minute.
func workloadOf(pod *corev1.Pod) *event.Workload {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return nil
	}
	if name, ok := deploymentOf(owner, pod.Labels); ok {
		return &event.Workload{Kind: "Deployment", Name: name, By: event.WorkloadByName}
	}
	if name, ok := cronJobOf(owner); ok {
		return &event.Workload{Kind: "CronJob", Name: name, By: event.WorkloadByName}
	}
	return &event.Workload{Kind: owner.Kind, Name: owner.Name, By: event.WorkloadByReference}
}

// deploymentOf reads <name of the Deployment>-<hash>.
func deploymentOf(owner *metav1.OwnerReference, labels map[string]string) (string, bool) {
	hash := labels["pod-template-hash"]
	if owner.Kind != "ReplicaSet" || !strings.HasPrefix(owner.APIVersion, "apps/") || hash == "" {
		return "", false
	}
	name, ok := strings.CutSuffix(owner.Name, "-"+hash)
	return name, ok && name != ""
}

// cronJobOf reads <name of the CronJob>-<minutes since 1970>: eight digits from 1989 to 2160.
func cronJobOf(owner *metav1.OwnerReference) (string, bool) {
	if owner.Kind != "Job" || !strings.HasPrefix(owner.APIVersion, "batch/") {
		return "", false
	}
	cut := strings.LastIndexByte(owner.Name, '-')
	if cut <= 0 || len(owner.Name)-cut-1 != 8 || strings.Trim(owner.Name[cut+1:], "0123456789") != "" {
		return "", false
	}
	return owner.Name[:cut], true
}
