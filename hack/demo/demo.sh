#!/usr/bin/env bash
# demo.sh goes from nothing to an audit event with its pod's name: cluster, images, chart, policy, Ready on every node, pod, event.
#
# KUBECONFIG names a cluster to use instead of a local one; its nodes pull the images from IMAGE_REGISTRY, to which this pushes. It may be
# run again: what is there already is kept.
. "$(dirname "$0")/settings.sh"

local_cluster() {
	step "tools and cluster"
	make --no-print-directory cluster-up
	step "images (usually 15 s; 2 min with an empty build cache)"
	make --no-print-directory image image-demo IMAGE_REGISTRY="$registry" IMAGE_TAG="$tag"
	make --no-print-directory cluster-load
}

other_cluster() {
	step "tools"
	hack/tools/build.sh kubernetes helm
	[[ $registry != localhost/* ]] || die "IMAGE_REGISTRY=… is needed: a registry that you can push to and the cluster's nodes pull from"
	step "images, to $registry"
	make --no-print-directory image-push IMAGE_REGISTRY="$registry" IMAGE_TAG="$tag"
}

install_chart() {
	step "chart"
	helm upgrade --install "$release" charts/nodeaudit --namespace "$namespace" --create-namespace --wait --timeout 3m \
		--set "image.registry=$registry" --set "image.tag=$tag" >/dev/null
	kubectl --namespace "$namespace" get pods --output wide
}

# The table is live: a line for each change of a node, until the policy is Ready.
apply_policy() {
	local watcher
	step "policy: config/samples/docker-hosts.yaml"
	kubectl apply --filename config/samples
	kubectl get nodeauditstatuses --watch &
	watcher=$!
	kubectl wait --for=condition=Ready auditpolicy/docker-hosts --timeout=2m >/dev/null || { kill $watcher; explain; }
	kill $watcher
	wait $watcher 2>/dev/null || true
	echo
	kubectl get auditpolicies
}

explain() {
	kubectl get auditpolicy docker-hosts --output yaml | sed -n '/^status:/,$p'
	die "the policy is not Ready: the status above says why"
}

start_pod() {
	step "a pod that touches a watched file: hack/demo/pod.yaml"
	if [ -n "$own_cluster" ]; then
		cat hack/demo/pod.yaml
	else
		sed -e '/nodeSelector:/d' -e "s|localhost/nodeaudit/demo:dev|$registry/demo:$tag|" hack/demo/pod.yaml
	fi | kubectl apply --filename -
	kubectl --namespace nodeaudit-demo wait --for=condition=Ready pod/build-job --timeout=1m >/dev/null
}

# The agents write events to their standard output too (the sink agent-stdout), so the log of the one beside the pod has it.
show_event() {
	local node agent event deadline=$((SECONDS + 60))
	node=$(kubectl --namespace nodeaudit-demo get pod build-job --output 'jsonpath={.spec.nodeName}')
	agent=$(kubectl --namespace "$namespace" get pods --selector app.kubernetes.io/component=agent --field-selector "spec.nodeName=$node" --output name)
	step "the event, from the agent on node $node"
	until event=$(kubectl --namespace "$namespace" logs "$agent" --since=5m | grep '"pod":.*build-job' | tail -1) && [ -n "$event" ]; do
		[ $SECONDS -lt $deadline ] || die "no event within a minute: kubectl --namespace $namespace logs $agent"
		sleep 0.5
	done
	jq --from-file hack/demo/event.jq <<<"$event"
}

farewell() {
	step "done"
	cat <<-END
		Look further:
		  export KUBECONFIG=$KUBECONFIG PATH=$PWD/.local/bin:\$PATH
		  kubectl get auditpolicies,auditsinks,nodeauditstatuses
		  kubectl describe auditpolicy docker-hosts
		  kubectl --namespace $namespace logs daemonset/nodeaudit-agent --follow
	END
	[ -z "$own_cluster" ] || cat <<-END
		  tail -f .local/cluster/nodes/host/var/log/nodeaudit/docker.log | jq
		Remove everything:
		  make demo-down
	END
	[ -n "$own_cluster" ] || cat <<-END
		Remove everything:
		  make demo-down KUBECONFIG=$KUBECONFIG
	END
}

hack/apt.sh jq
if [ -n "$own_cluster" ]; then local_cluster; else other_cluster; fi
install_chart
apply_policy
start_pod
show_event
farewell
