#!/usr/bin/env bash
# kernel.sh prints the table of docs/kernel.md on changing and listing rules. It takes auditctl from the machine, or else out of Debian's
# packages into a temporary directory: nothing is installed and no service is started. It needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
auditctl=$(command -v auditctl || true)
if [ -z "$auditctl" ] && command -v apt-get >/dev/null; then
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	chmod 755 "$scratch"
	(cd "$scratch" && apt-get -qq download auditd libaudit1 libauparse0 libcap-ng0 2>/dev/null && for deb in *.deb; do dpkg -x "$deb" .; done)
	LD_LIBRARY_PATH=$(find "$scratch" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
	export LD_LIBRARY_PATH
	auditctl=$(find "$scratch" -path '*/sbin/auditctl')
fi
go run ./hack/measure/kernel -auditctl "$auditctl" "$@"
