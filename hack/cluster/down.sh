#!/usr/bin/env bash
# down.sh ends every process of the cluster and removes its cgroups, networks and files. It acts only on what carries the cluster's name,
# may be run at any time, and is silent where there is nothing to do.
. "$(dirname "$0")/settings.sh"
. "$here/processes.sh"
. "$here/cgroups.sh"
. "$here/network.sh"

[ -n "${NODEAUDIT_CLUSTER_LOCKED:-}" ] || {
	[ -e $owner ] || [ -e "$state" ] || exit 0
	[ "$(id -u)" -eq 0 ] || die "root is needed: sudo make cluster-down"
	mkdir -p "$clone/.local"
	exec 9>"$lock"
	flock 9
}
[ ! -e $owner ] || [ "$(cat $owner)" = "$clone" ] || die "the cluster on this machine belongs to $(cat $owner): take it down there"

end_members
remove_cgroups
remove_network
rm -rf --one-file-system "$state"
if [ -e $owner ]; then
	rm -f $owner
	say "is down"
fi
