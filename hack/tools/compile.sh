#!/usr/bin/env bash
# Sourced by every module's build.sh, which runs in its module's folder: compile, and what it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[1]}")"

# The caller's settings must not reach the programs, or they would differ from those of the next clone.
export GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=0

version_of() { go list -m -f '{{.Version}}' "$1"; }

# compile OUT LINKER-FLAGS [BUILD-FLAG…] PACKAGE… builds into the directory OUT/ or the file OUT.
compile() {
	local out=$1 stamps=$2
	shift 2
	go build -trimpath -buildvcs=false -ldflags "-s -w $stamps" -o "$out" "$@"
}
