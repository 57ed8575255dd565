#!/usr/bin/env bash
# build.sh OUT builds Helm 3 as helm3, against which the chart is linted and rendered too. As in Helm's own releases, the Kubernetes version that
# it takes for granted without a cluster is that of its client library; unstamped it would be 1.20.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

client=$(version_of k8s.io/client-go) # v0.MINOR.PATCH
minor=${client#v0.}
minor=${minor%%.*}
stamps="-X helm.sh/helm/v3/internal/version.version=$(version_of helm.sh/helm/v3)"
for package in chartutil lint/rules; do
	stamps+=" -X helm.sh/helm/v3/pkg/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$package.k8sVersionMinor=$minor"
done
compile "$1/helm3" "$stamps" helm.sh/helm/v3/cmd/helm
