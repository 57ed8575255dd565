#!/usr/bin/env bash
# drift.sh [flags] prints how long it takes from `auditctl -D` by hand until the rules are back, with the agent alone on this machine: the table of
# docs/kernel.md. It needs root, takes the audit system as the tests do, and puts everything back. -rounds and -rules change how often and how many.
set -euo pipefail
cd "$(dirname "$0")/../.."
hack/peers.sh
export PATH=$PWD/.local/bin:$PATH
go run ./hack/measure/drift -auditctl "$(command -v auditctl)" "$@"
