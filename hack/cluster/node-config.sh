#!/usr/bin/env bash
# Sourced: the configuration of a node's container runtime, pod network and kubelet.

# write_node_config NODE FOLDER
write_node_config() {
	mkdir -p "$2/cni"
	containerd_config "$2" >"$2/containerd.toml"
	cni_config "$1" >"$2/cni/10-nodeaudit.conflist"
	kubelet_config "$1" >"$2/kubelet.yaml"
}

# restrict_oom_score_adj: a machine without CAP_SYS_RESOURCE, as many sandboxes are, refuses every pod without it.
containerd_config() {
	cat <<-END
		version = 3
		[debug]
		  level = 'warn'
		[plugins.'io.containerd.cri.v1.images']
		  snapshotter = 'overlayfs'
		[plugins.'io.containerd.cri.v1.images'.pinned_images]
		  sandbox = 'localhost/nodeaudit/pause:dev'
		[plugins.'io.containerd.cri.v1.runtime']
		  disable_apparmor = true
		  restrict_oom_score_adj = true
		[plugins.'io.containerd.cri.v1.runtime'.cni]
		  bin_dirs = ['$bin/cni']
		  conf_dir = '$1/cni'
		[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
		  runtime_type = 'io.containerd.runc.v2'
		[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
		  BinaryName = '$bin/runc'
		  SystemdCgroup = false
	END
}

cni_config() {
	cat <<-END
		{
		  "cniVersion": "1.0.0",
		  "name": "nodeaudit",
		  "plugins": [{
		    "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
		    "ipam": {"type": "host-local", "ranges": [[{"subnet": "$(pod_range "$1")"}]], "routes": [{"dst": "0.0.0.0/0"}]}
		  }]
		}
	END
}

kubelet_config() {
	cat <<-END
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		address: $(node_address "$1")
		healthzBindAddress: 127.0.0.1
		authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
		authorization: {mode: Webhook}
		containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
		cgroupDriver: cgroupfs
		failCgroupV1: false
		failSwapOn: false
		enforceNodeAllocatable: []
		makeIPTablesUtilChains: false
		resolvConf: /dev/null
		nodeStatusUpdateFrequency: 2s
		evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
		imageGCHighThresholdPercent: 100
		imagePullCredentialsVerificationPolicy: NeverVerify
	END
}
