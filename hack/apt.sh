#!/usr/bin/env bash
# apt.sh PACKAGE… installs the Debian packages that are missing, and does nothing where none is.
#
# Elsewhere than on Debian and its children it names the packages and goes on: their programs may be there under another name.
set -euo pipefail

if ! command -v apt-get >/dev/null; then
	echo "apt: this is not Debian: should the next step miss something, install what Debian calls $*" >&2
	exit 0
fi
missing=()
for package in "$@"; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "apt: root is needed once: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi

echo "apt: installing ${missing[*]}" >&2
install() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists of a fresh machine are absent or old, hence the second try.
if ! install; then
	apt-get -qq -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || true
	install || { cat "$log" >&2; exit 1; }
fi
