#!/usr/bin/env bash
# Sourced: the cluster's own cgroups, below /nodeaudit in every hierarchy that the machine has mounted, v1 or v2.

# hierarchies prints the mount point of each: one on a machine with cgroup v2, about ten with v1.
hierarchies() {
	awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i+1) ~ /^cgroup2?$/ && $5 ~ /^\/sys\/fs\/cgroup/) print $5 }' /proc/self/mountinfo | sort -u
}

# make_cgroup NAME makes /nodeaudit/NAME.
make_cgroup() {
	local hierarchy level
	for hierarchy in $(hierarchies); do
		for level in "$cgroup" "$cgroup/$1"; do
			mkdir -p "$hierarchy/$level"
			inherit_cpuset "$hierarchy" "$level"
		done
		delegate "$hierarchy/$cgroup"
	done
}

# A v1 cpuset takes no process before it is told its processors and memory.
inherit_cpuset() {
	local file
	[ -e "$1/cpuset.cpus" ] || return 0
	for file in cpuset.cpus cpuset.mems; do
		if [ -e "$1/$2/$file" ]; then cat "$1/$file" >"$1/$2/$file"; fi
	done
}

# In v2 a controller must be passed on before a child has it.
delegate() {
	local controller available
	[ -e "$1/cgroup.controllers" ] || return 0
	read -ra available <"$1/cgroup.controllers" || true # empty where v1 has them
	for controller in "${available[@]}"; do
		echo "+$controller" >"$1/cgroup.subtree_control" 2>/dev/null || true
	done
}

# join_cgroup NAME moves the calling shell, and so what it executes next.
join_cgroup() {
	local hierarchy
	for hierarchy in $(hierarchies); do echo $BASHPID >"$hierarchy/$cgroup/$1/cgroup.procs"; done
}

# members lists all processes of the cluster. Each is in every hierarchy: one is enough to find it.
members() { find "$(hierarchies | head -1)/$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u || true; }

# end_members ends them, and those that they start meanwhile.
end_members() {
	local found try
	for try in $(seq 100); do
		mapfile -t found < <(members)
		[ ${#found[@]} -gt 0 ] || return 0
		kill -9 "${found[@]}" 2>/dev/null || true
		sleep 0.05
	done
	die "processes of the cluster do not end after $try tries: ${found[*]}"
}

# remove_cgroups waits a little: a process that was just ended keeps its cgroup for a moment.
remove_cgroups() {
	local hierarchy
	for hierarchy in $(hierarchies); do
		[ ! -d "$hierarchy/$cgroup" ] || until_true 5 "removing $hierarchy/$cgroup" remove_tree "$hierarchy/$cgroup"
	done
}

remove_tree() { find "$1" -depth -type d -exec rmdir {} \; && [ ! -d "$1" ]; }
