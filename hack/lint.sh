#!/usr/bin/env bash
# lint.sh runs every linter. They are pinned in hack/tools and built the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
hack/tools/build.sh lint helm helm3
echo "lint: golangci-lint (the first time a few minutes)"
.local/bin/golangci-lint run
echo "lint: shellcheck"
hack/lint-shell.sh
if [ -d charts/nodeaudit ]; then
	echo "lint: helm lint, Helm 4 and 3"
	.local/bin/helm lint --strict charts/nodeaudit
	.local/bin/helm3 lint --strict charts/nodeaudit
fi
echo "lint: content"
