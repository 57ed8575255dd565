#!/usr/bin/env bash
# down.sh takes the demo out again: the pod, the samples, the chart, which takes the audit rules out of every node, and the local cluster,
# whose end checks that this machine's audit state is as it was.
. "$(dirname "$0")/settings.sh"

if [ -n "$own_cluster" ] && [ ! -e "$KUBECONFIG" ]; then
	echo "demo: nothing to remove"
	exit 0
fi
if [ -n "$own_cluster" ] && ! kubectl version >/dev/null 2>&1; then # after a shutdown of the machine
	echo "demo: the API server does not answer, so the agents cannot be asked to take their audit rules out: what is in the kernel since the" \
		"last boot stays until the next, or until auditctl -D"
	make --no-print-directory cluster-down
	exit 0
fi
kubectl delete --filename hack/demo/pod.yaml --ignore-not-found --wait=false
helm uninstall "$release" --namespace "$namespace" --wait --timeout 3m --ignore-not-found
kubectl delete --filename config/samples --ignore-not-found 2>/dev/null || true # where the chart never came, their kinds are unknown
[ -z "$own_cluster" ] || make --no-print-directory cluster-down
