#!/usr/bin/env bash
# Sourced by the demo's scripts: where things are, and how it speaks.
# shellcheck disable=SC2034 # used by those who source this
set -Eeuo pipefail
trap 'echo "demo: $BASH_COMMAND failed (${BASH_SOURCE[0]}:$LINENO)" >&2' ERR
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

namespace=nodeaudit-system
release=nodeaudit
registry=${IMAGE_REGISTRY:-localhost/nodeaudit}
tag=${IMAGE_TAG:-dev}
own_cluster=
if [ -z "${KUBECONFIG:-}" ]; then
	own_cluster=1
	KUBECONFIG=$PWD/.local/cluster/kubeconfig
fi
export KUBECONFIG PATH=$PWD/.local/bin:$PATH

bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }
step() { echo; bold "== $* ($SECONDS s)"; }
die() { echo "demo: $*" >&2; exit 1; }
