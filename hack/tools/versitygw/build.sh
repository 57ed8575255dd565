#!/usr/bin/env bash
# build.sh OUT builds versitygw, a server of the S3 protocol over a folder: the peer of the tests of S3.
# shellcheck source=../compile.sh
. "$(dirname "$0")/../compile.sh"

compile "$1/versitygw" "" github.com/versity/versitygw/cmd/versitygw
