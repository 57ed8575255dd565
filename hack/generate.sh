#!/usr/bin/env bash
# generate.sh makes everything in the repository that is made from something else in it: deep copies and CRDs from the API types, roles from
# the markers of the controller, and what config/ and the chart take from those.
set -euo pipefail
cd "$(dirname "$0")/.."
go run ./hack/gentables
go tool controller-gen object paths=./api/...
go tool controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
if [ -x config/generate.sh ]; then config/generate.sh; fi
