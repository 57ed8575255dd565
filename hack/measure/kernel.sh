#!/usr/bin/env bash
# kernel.sh prints the table of docs/kernel.md on changing and listing rules. It takes auditctl from the machine, or else out of Debian's
# packages into a temporary directory: nothing is installed and no service is started. It needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
. hack/measure/auditctl.sh
go run ./hack/measure/kernel -auditctl "$auditctl" "$@"
