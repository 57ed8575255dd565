#!/usr/bin/env bash
# build.sh OUT builds Loki, the peer of the tests of the sink of that type.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

module=github.com/grafana/loki/v3
compile "$1/loki" "-X $module/pkg/util/build.Version=$(version_of $module)" $module/cmd/loki
