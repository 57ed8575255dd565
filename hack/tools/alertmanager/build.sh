#!/usr/bin/env bash
# build.sh OUT builds Alertmanager, the peer of the tests of alerts. Its pages are made by another toolchain, and are not in its module: this one has none.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

# What is not in a module can be added to a copy of it only.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp go.mod go.sum "$copy"
cd "$copy"
go mod vendor -e 2>"$copy/log" || { cat "$copy/log" >&2; exit 1; } # -e: the pages are missing
pages=vendor/github.com/prometheus/alertmanager/ui/app/dist
mkdir -p "$pages"
echo 'This Alertmanager has no pages.' >"$pages/index.html"
GOFLAGS=-mod=vendor compile "$1/alertmanager" "" github.com/prometheus/alertmanager/cmd/alertmanager
