#!/usr/bin/env bash
# build.sh OUT builds Helm 4, with which the demo and the tests install the chart.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

compile "$1/helm" "-X helm.sh/helm/v4/internal/version.version=$(version_of helm.sh/helm/v4)" helm.sh/helm/v4/cmd/helm
