#!/usr/bin/env bash
# Sourced: starting and ending single processes of the cluster. Each has a pid file, a log, and lives in one of the cluster's cgroups.

# start NAME CGROUP COMMAND… starts it in the background, deaf to the terminal.
start() {
	local name=$1 group=$2
	shift 2
	mkdir -p "$pids" "$logs"
	(
		join_cgroup "$group"
		exec 9>&- # the lock must not live as long as the cluster
		exec setsid "$@"
	) >>"$logs/$name.log" 2>&1 </dev/null &
	echo $! >"$pids/$name"
}

# alive NAME: a pid counts only while it is in the cluster's cgroups, because numbers are used again.
alive() {
	local pid
	pid=$(cat "$pids/$1" 2>/dev/null) && [ -n "$pid" ] && grep -q "/$cgroup/" "/proc/$pid/cgroup" 2>/dev/null
}

# stop NAME [SIGNAL] ends it and waits until it is gone.
stop() {
	local pid
	alive "$1" || return 0
	pid=$(cat "$pids/$1")
	kill "-${2:-TERM}" "$pid" 2>/dev/null || true
	until_true 20 "stopping $1" gone "$pid"
}

gone() { ! kill -0 "$1" 2>/dev/null; }
