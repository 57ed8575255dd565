#!/usr/bin/env bash
# Sourced: the cluster's certificate authority, what it signs, and a kubeconfig for each who calls the API server.

make_certificates() {
	mkdir -p "$pki"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=nodeaudit-local -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>/dev/null
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$pki/sa.key" 2>/dev/null
	openssl pkey -in "$pki/sa.key" -pubout -out "$pki/sa.pub"
	sign apiserver /CN=kube-apiserver "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$api_address,IP:$service_address"
	sign kubelet-client /O=system:masters/CN=apiserver-kubelet-client
	identity "$admin" admin /O=system:masters/CN=admin
	identity "$state/controller-manager.kubeconfig" controller-manager /CN=system:kube-controller-manager
	identity "$state/scheduler.kubeconfig" scheduler /CN=system:kube-scheduler
}

make_node_certificate() { identity "$state/kubelet-$1.kubeconfig" "kubelet-$1" "/O=system:nodes/CN=system:node:$1"; }

# sign NAME SUBJECT [ALTERNATIVE NAMES]
sign() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null
	{
		echo extendedKeyUsage=serverAuth,clientAuth
		[ -z "${3:-}" ] || echo "subjectAltName=$3"
	} >"$pki/$1.ext"
	openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 -extfile "$pki/$1.ext" -out "$pki/$1.crt" 2>/dev/null
}

# identity FILE NAME SUBJECT signs a client certificate and writes a kubeconfig that needs no other file.
identity() {
	sign "$2" "$3"
	(
		umask 077
		cat >"$1" <<-END
			apiVersion: v1
			kind: Config
			clusters: [{name: local, cluster: {server: "https://$service_address:443", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}}]
			users: [{name: $2, user: {client-certificate-data: $(base64 -w0 "$pki/$2.crt"), client-key-data: $(base64 -w0 "$pki/$2.key")}}]
			contexts: [{name: local, context: {cluster: local, user: $2}}]
			current-context: local
		END
	)
}
