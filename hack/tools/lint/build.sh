#!/usr/bin/env bash
# build.sh OUT builds golangci-lint.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

compile "$1/golangci-lint" "-X main.version=$(version_of github.com/golangci/golangci-lint/v2)" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
