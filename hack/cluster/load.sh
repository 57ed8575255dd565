#!/usr/bin/env bash
# load.sh [ARCHIVE…] puts image archives (default: all of .local/images) into the container runtime of every node.
. "$(dirname "$0")/settings.sh"

[ $# -gt 0 ] || set -- "$images"/*.tar
for node in "${node_names[@]}"; do
	for archive in "$@"; do
		"$here/exec.sh" "$node" ctr -n k8s.io images import "$(realpath "$archive")" >/dev/null
	done
done
say "loaded $# images on ${node_names[*]}"
