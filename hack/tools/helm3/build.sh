#!/usr/bin/env bash
# build.sh OUT builds Helm 3 as helm3, against which the chart is linted and rendered too.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

compile "$1/helm3" "-X helm.sh/helm/v3/internal/version.version=$(version_of helm.sh/helm/v3)" helm.sh/helm/v3/cmd/helm
