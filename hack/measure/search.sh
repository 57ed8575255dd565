#!/usr/bin/env bash
# search.sh [flags] prints how long `nodeaudit search` takes for a key and a pid in many events, with and without indexes: the table of
# docs/search.md. -size is how many MiB of events the agent's sink writes, -dir where.
set -euo pipefail
cd "$(dirname "$0")/../.."
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/ ./cmd/kubectl-nodeaudit
go run ./hack/measure/search -nodeaudit "$PWD/bin/kubectl-nodeaudit" "$@"
