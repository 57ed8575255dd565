#!/usr/bin/env bash
# peers.sh puts programs of others that tests and measurements speak with or compare with into .local/peers, and a way to each into .local/bin.
#
# They are Debian's: rsyslog, syslog-ng, auditd with auditctl, ausearch and aureport, laurel. They are unpacked and not installed: two syslog daemons
# exclude each other, and an installed auditd would start with the machine. Elsewhere than on Debian their tests say what they miss. The receivers of the
# OpenTelemetry Collector are built here, which takes two minutes of processor time once.
set -euo pipefail
cd "$(dirname "$0")/.."
# Paths in the programs of .local/bin must hold where .local is a link of a folder that goes.
mkdir -p .local/bin
home=$(realpath .local)
peers=$home/peers
packages=(rsyslog rsyslog-gnutls syslog-ng-core auditd laurel)
libraries=(
	libacl1 libauparse0 libcap-ng0 libestr0 libfastjson4 libglib2.0-0 libgnutls30 libgssapi-krb5-2 libivykis0 libjson-c5 liblognorm5 libnet1 libpcre3 libwrap0
)

go build -C hack/collector -o "$home/bin/collector" . || echo "peers: the tests with the Collector's receivers will not run" >&2

if ! command -v apt-get >/dev/null; then
	echo "peers: this is not Debian: tests that need ${packages[*]} will not run unless these programs are in the PATH" >&2
	exit 0
fi
complete=$peers/complete-$(sha256sum <hack/peers.sh | cut -c1-16)
[ ! -e "$complete" ] || exit 0
hack/apt.sh "${libraries[@]}" nftables
echo "peers: fetching ${packages[*]}" >&2
rm -rf "$peers"
mkdir -p "$peers/packages"
cd "$peers/packages"
fetch() { apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" >"$peers/log" 2>&1; }
# The package lists of a fresh machine are absent or old, hence the second try.
if ! fetch; then
	apt-get -qq -o DPkg::Lock::Timeout=300 update >"$peers/log" 2>&1 || true
	fetch || { cat "$peers/log" >&2; exit 1; }
fi
for package in *.deb; do
	dpkg-deb -x "$package" "$peers"
done

# A program finds what belongs to it in the place where it was unpacked.
way() {
	local name=$1 program=$2
	shift 2
	printf '#!/bin/sh\nexport LD_LIBRARY_PATH=%q\nexec %q %s "$@"\n' "$peers/usr/lib/syslog-ng" "$peers/$program" "$*" >"$peers/../bin/$name"
	chmod +x "$peers/../bin/$name"
}
modules() { dirname "$(find "$peers/usr/lib" -name "$1" | head -n 1)"; }
way rsyslogd usr/sbin/rsyslogd -M "$(modules imtcp.so)"
way syslog-ng usr/sbin/syslog-ng --module-path "$(modules libafsocket.so)"
way auditctl sbin/auditctl
way auditd sbin/auditd
way ausearch sbin/ausearch
way aureport sbin/aureport
way laurel usr/sbin/laurel
touch "$complete"
