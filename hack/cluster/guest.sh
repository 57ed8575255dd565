#!/usr/bin/env bash
# guest.sh NODE ARCHIVE makes the wire of a node that is a virtual machine, and packs what the machine needs to become it: programs, images,
# its certificate, its configuration and units of systemd, at the paths that they have here. Whoever starts the machine unpacks it in its root and
# starts `cluster-node.target`. `make cluster-down` takes the wire away with the rest.
. "$(dirname "$0")/settings.sh"
. "$here/processes.sh"
. "$here/cgroups.sh"
. "$here/network.sh"
. "$here/certificates.sh"
. "$here/node-config.sh"
node=${1:?usage: guest.sh NODE ARCHIVE}
archive=$(realpath "${2:?usage: guest.sh NODE ARCHIVE}")
own=$state/nodes/$node
root=$own/root

unit() {
	mkdir -p "$root/etc/systemd/system"
	cat >"$root/etc/systemd/system/$1"
}

# Debian empties /tmp at boot, and the clone may lie there.
write_system() {
	mkdir -p "$root"/etc/{systemd/network,modules-load.d,tmpfiles.d}
	echo 'd /tmp 1777 root root -' >"$root/etc/tmpfiles.d/tmp.conf"
	cat >"$root/etc/systemd/network/cluster.network" <<-END
		[Match]
		Driver=virtio_net
		[Network]
		Address=$(node_address "$node")/24
		Gateway=$api_address
		LinkLocalAddressing=no
	END
	printf '%s\n' virtio_net overlay bridge veth >"$root/etc/modules-load.d/cluster-node.conf"
}

write_units() {
	unit cluster-node.target <<-END
		[Unit]
		Wants=systemd-networkd.service cluster-containerd.service cluster-kubelet.service
		[Install]
		WantedBy=multi-user.target
	END
	unit cluster-containerd.service <<-END
		[Unit]
		After=systemd-networkd.service
		[Service]
		Environment=PATH=$bin:/usr/sbin:/usr/bin:/sbin:/bin CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1
		ExecStart=$bin/containerd --config $own/containerd.toml
		Type=notify
		TimeoutStartSec=10min
		Restart=always
		Delegate=yes
		KillMode=process
	END
	# Images are imported once, before the first pod: half a minute with an emulated processor.
	unit cluster-kubelet.service <<-END
		[Unit]
		After=cluster-containerd.service
		[Service]
		Environment=PATH=$bin:/usr/sbin:/usr/bin:/sbin:/bin
		ExecStartPre=/bin/sh -c 'set -e; for image in $images/*.tar; do [ ! -e \$\$image ] || { ctr -n k8s.io images import \$\$image; rm \$\$image; }; done'
		ExecStart=$bin/kubelet --config=$own/kubelet.yaml --kubeconfig=$state/kubelet-$node.kubeconfig --hostname-override=$node --node-ip=$(node_address "$node") --register-with-taints=nodeaudit.dev/virtual-machine=true:NoSchedule
		TimeoutStartSec=10min
		Restart=always
		Delegate=yes
		KillMode=process
	END
}

[ "$(cat $owner 2>/dev/null)" = "$clone" ] || die "no cluster of this clone is up: make cluster-up"
make_guest_network "$node"
make_node_certificate "$node"
write_node_config "$node" "$own"
write_system
write_units
programs=(containerd containerd-shim-runc-v2 ctr runc kubelet cni/bridge cni/host-local cni/loopback)
tar --create --dereference --file="$archive" --directory="$root" . \
	--directory=/ "${programs[@]/#/${bin#/}/}" "${images#/}"/{pause,nodeagent,demo}.tar \
	"${pki#/}/ca.crt" "${state#/}/kubelet-$node.kubeconfig" "${own#/}"/{containerd.toml,kubelet.yaml,cni}
