#!/usr/bin/env bash
# build.sh OUT builds the network plugins that the nodes use, into a folder of their own as CNI expects.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

mkdir "$1/cni"
compile "$1/cni/" "" github.com/containernetworking/plugins/plugins/{main/bridge,main/loopback,ipam/host-local}
