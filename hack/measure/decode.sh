#!/usr/bin/env bash
# decode.sh [-log FILE] … prints the tables of docs/decode.md on decoding: processor time beside laurel, ausearch and go-libaudit on the same log,
# allocations, and how memory grows. Without a log it captures one from this machine's kernel. It needs root. laurel and ausearch are those of
# hack/peers.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
hack/peers.sh
export PATH=$PWD/.local/bin:$PATH
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/ ./cmd/kubectl-nodeaudit
program=$PWD/bin/kubectl-nodeaudit
measure=$(mktemp)
trap 'rm -f "$measure"' EXIT
go build -C hack/measure/decode -o "$measure" .
"$measure" -nodeaudit "$program" "$@"
