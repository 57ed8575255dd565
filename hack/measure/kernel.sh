#!/usr/bin/env bash
# kernel.sh prints the table of docs/kernel.md on changing and listing rules. auditctl is that of
# hack/peers.sh. It needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
hack/peers.sh
export PATH=$PWD/.local/bin:$PATH
go run ./hack/measure/kernel -auditctl "$(command -v auditctl)" "$@"
