#!/usr/bin/env bash
# apiserver.sh stop|start takes the API server away and brings it back, so that tests can see who lives without it.
. "$(dirname "$0")/settings.sh"
. "$here/processes.sh"
. "$here/cgroups.sh"
. "$here/controlplane.sh"

case ${1:-} in
# Its own graceful end waits a minute for the watches; a crash is the harder test anyway.
stop) stop kube-apiserver KILL ;;
start)
	alive kube-apiserver || start_kube-apiserver
	until_true 60 "kube-apiserver" api_ready
	# Their watches, refused while the API server reads its roles, would come back after minutes only; where there are several, another takes over.
	for program in kube-controller-manager kube-scheduler; do
		stop $program KILL
		"start_$program"
	done
	;;
*) die "usage: apiserver.sh stop|start" ;;
esac
