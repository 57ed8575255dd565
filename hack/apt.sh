#!/usr/bin/env bash
# apt.sh PACKAGE… installs the Debian packages that are missing, and does nothing where none is.
#
# Only Debian and its children are served. Where it cannot help it names the packages, so that they can be installed by hand.
set -euo pipefail

missing=()
for package in "$@"; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "apt: this is not a Debian system: please install what it calls ${missing[*]}" >&2
	exit 1
fi
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
