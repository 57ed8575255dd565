#!/usr/bin/env bash
# Sourced: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, each started by the function of its name.

start_etcd() {
	# A test cluster that loses power is made anew: fsync would only cost time.
	start etcd control-plane nsenter --net=/run/netns/$netns "$bin/etcd" --data-dir="$state/etcd" --unsafe-no-fsync --log-level=warn \
		--listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
		--listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 --initial-cluster=default=http://127.0.0.1:2380
}

start_kube-apiserver() {
	local more=()
	[ ! -e "$flags" ] || mapfile -t more <"$flags"
	# Aggregator routing makes the API server call webhooks at their pods' addresses: there is no kube-proxy to lead it by the Service's.
	start kube-apiserver control-plane nsenter --net=/run/netns/$netns "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
		--bind-address=0.0.0.0 --secure-port=443 --advertise-address=$api_address --service-cluster-ip-range=$service_range \
		--tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
		--service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true --enable-aggregator-routing=true \
		--kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" --kubelet-preferred-address-types=InternalIP \
		"${more[@]}"
}

start_kube-controller-manager() {
	# Nodes that vanish are noticed in 10 seconds instead of 50: whoever tests that is waiting.
	start kube-controller-manager control-plane nsenter --net=/run/netns/$netns "$bin/kube-controller-manager" --kubeconfig="$state/controller-manager.kubeconfig" \
		--bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials=true --node-monitor-grace-period=10s \
		--kube-api-qps=500 --kube-api-burst=1000 --root-ca-file="$pki/ca.crt" --service-account-private-key-file="$pki/sa.key" \
		--cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key"
}

start_kube-scheduler() {
	start kube-scheduler control-plane nsenter --net=/run/netns/$netns "$bin/kube-scheduler" --kubeconfig="$state/scheduler.kubeconfig" \
		--bind-address=127.0.0.1 --leader-elect=false --kube-api-qps=500 --kube-api-burst=1000
}

api_ready() { alive kube-apiserver && kubectl get --raw /readyz; }

start_controlplane() {
	make_cgroup control-plane
	start_etcd
	start_kube-apiserver
	until_true 60 "kube-apiserver" api_ready
	start_kube-controller-manager
	start_kube-scheduler
	until_true 60 "the first service account" kubectl get serviceaccount default
}
