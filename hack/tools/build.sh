#!/usr/bin/env bash
# build.sh [MODULE…] builds the programs that development and tests need from the pinned modules beside this file
# (default: all of them) and links them into .local/bin.
#
# A module's programs depend on nothing but its folder, compile.sh and the Go toolchain, and come out the same bit for bit wherever they
# are built. So they are kept outside the clone, under a name that hashes those: a second clone, or a build after `make clean`, links
# them in a moment. NODEAUDIT_CACHE moves that place (default: $XDG_CACHE_HOME/nodeaudit or ~/.cache/nodeaudit).
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
cache=${NODEAUDIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nodeaudit}/tools
bin=$root/.local/bin
command -v go >/dev/null || { echo "tools: Go 1.26 is needed: https://go.dev/dl" >&2; exit 1; }

# What each module takes on two cores with an empty build cache, so that whoever waits knows for how long.
declare -A usual=(
	[kubernetes]='7 min' [containerd]='90 s' [runc]='15 s' [cni]='5 s' [helm]='90 s' [helm3]='60 s' [lint]='3 min'
	[versitygw]='90 s' [alertmanager]='2 min' [loki]='7 min'
)

key_of() {
	(cd "$1" && { cat ./* ../compile.sh && go env GOVERSION GOARCH GOAMD64 GOARM64; } | sha256sum | cut -c1-16)
}

# beat LABEL PID says now and then that a long step is alive.
beat() {
	local label=$1 pid=$2 started=$SECONDS
	while sleep 15; do
		kill -0 "$pid" 2>/dev/null || return 0
		echo "tools: $label: $((SECONDS - started)) s…" >&2
	done
}

# build MODULE KEPT builds beside the place where the result is kept, and moves it there whole: an interrupted build leaves nothing.
build() {
	local module=$1 kept=$2 scratch started=$SECONDS status=0
	scratch=$(mktemp -d "$cache/.$module.XXXXXX")
	"$module/build.sh" "$scratch" & local builder=$!
	beat "$module" $builder & local beater=$!
	wait $builder || status=$?
	kill $beater 2>/dev/null
	wait $beater 2>/dev/null || true
	if [ $status -ne 0 ]; then
		rm -rf "$scratch"
		echo "tools: building $module failed" >&2
		return $status
	fi
	mv -T "$scratch" "$kept" 2>/dev/null || rm -rf "$scratch" # somebody else was quicker
	echo "tools: built $module in $((SECONDS - started)) s" >&2
}

modules=("$@")
[ ${#modules[@]} -gt 0 ] || modules=(kubernetes containerd runc cni helm helm3 lint)
mkdir -p "$bin" "$cache"
count=0
for module in "${modules[@]}"; do
	count=$((count + 1))
	kept=$cache/$module-$(key_of "$module")
	if [ ! -d "$kept" ]; then
		echo "tools: $count/${#modules[@]} $module: building once, usually ${usual[$module]} (kept in $kept)" >&2
		build "$module" "$kept"
	fi
	touch "$kept"
	ln -sfn "$kept"/* "$bin/"
done
# What no clone has asked for in a month was made from modules that are no longer pinned.
find "$cache" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
