#!/usr/bin/env bash
# build.sh OUT builds runc with seccomp: without it no pod with seccompProfile RuntimeDefault starts. libseccomp is a C library.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

../../apt.sh libseccomp-dev gcc libc6-dev pkg-config
CGO_ENABLED=1 compile "$1/runc" "-X main.version=$(version_of github.com/opencontainers/runc)" -tags seccomp github.com/opencontainers/runc
