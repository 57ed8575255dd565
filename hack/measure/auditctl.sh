# auditctl.sh is sourced: it sets auditctl to the program, taken out of Debian's package where the machine has none. Nothing is installed.
# shellcheck shell=bash
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
