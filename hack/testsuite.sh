#!/usr/bin/env bash
# testsuite.sh DIR runs the tests of linux-audit's own test suite (https://github.com/linux-audit/audit-testsuite) on this machine's kernel, once beside
# auditd alone and once with the agent, which holds rules and reads, and prints a table in Markdown. DIR is the folder `tests` of a checkout that was
# built as its README says. Exit status 1: a test that passes without the agent does not pass with it, or the agent did not survive it.
#
# It needs root, auditd and Perl, and no auditd that runs. Everything but the kernel's audit system is in a mount
# namespace of its own. Rules and settings are put back. TESTS="a b" runs these tests only.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.local/bin:/usr/sbin:/sbin:$PATH

# Not run, each with its reason: what would stop, flood or change the whole machine, and what needs more than a plain Debian.
#   backlog_wait_time_actual_reset, lost_reset  every system call of the machine is recorded under ping -f, with a backlog of 1
#   field_compare                               every openat of the machine is recorded, some hundred times
#   time_change                                 sets the machine's clock
#   netfilter_pkt, syscall_module               change the packet filter, load and unload modules
#   amcast_joinpart, io_uring, syscall_socketcall  need Socket::Netlink, liburing and a 32-bit C library
default="bpf exec_execve exec_name fanotify file_create file_delete file_permission file_rename filter_exclude filter_exit \
filter_saddr_fam filter_sessionid login_tty signal syscalls_file user_msg"

die() { echo "testsuite: $*" >&2; exit 2; }

status() { auditctl -s | awk -v name="$1" '$1 == name { print $2 }'; }

# setting NAME OPTION keeps a setting in a variable and says how it is put back.
declare -A settings=([enabled]=-e [backlog_limit]=-b [rate_limit]=-r [failure]=-f [backlog_wait_time]=--backlog_wait_time)

restore() {
	auditctl -D >/dev/null
	[ ! -s "$work/rules" ] || auditctl -R "$work/rules" >/dev/null || echo "testsuite: rules that were there: $(cat "$work/rules")" >&2
	for name in backlog_limit rate_limit failure backlog_wait_time enabled; do
		auditctl "${settings[$name]}" "${found[$name]}" >/dev/null || echo "testsuite: $name was ${found[$name]}" >&2
	done
}

outside() {
	[ "$(id -u)" -eq 0 ] || die "needs root"
	[ -e "${1:-}/user_msg/test" ] || die "give the folder tests of a built checkout of audit-testsuite"
	exec 9>/run/lock/nodeaudit-kernel-test.lock
	flock 9 # tests of the kernel, of this project, are one after the other
	[ "$(status enabled)" != 2 ] || die "the audit system is locked until the next boot"
	[ "$(status pid)" = 0 ] || die "an audit daemon runs"
	declare -gA found
	for name in "${!settings[@]}"; do found[$name]=$(status "$name"); done
	work=$(mktemp -d)
	auditctl -l | grep -v '^No rules$' >"$work/rules" || true # the tests delete all
	trap 'restore; rm -rf "$work"' EXIT
	go build -o "$work/nodeagent" ./cmd/nodeagent
	go build -o "$work/nodeaudit" ./cmd/kubectl-nodeaudit
	unshare --mount --propagation private "$0" --inside "$work" "$(realpath "$1")" 9>&-
}

# own_files gives the tests a bash as sh, a log and a configuration of auditd, and nothing to restart.
own_files() {
	mount --bind /bin/bash "$(realpath /bin/sh)"
	mkdir -p /var/log/audit /etc/audit "$work/bin"
	mount -t tmpfs -o mode=0700 tmpfs /var/log/audit
	mount -t tmpfs -o mode=0750 tmpfs /etc/audit
	mkdir /etc/audit/plugins.d
	printf '%s\n' 'local_events = yes' 'write_logs = yes' 'log_file = /var/log/audit/audit.log' 'log_format = ENRICHED' 'flush = SYNC' 'freq = 1' \
		'max_log_file = 512' 'max_log_file_action = IGNORE' 'num_logs = 2' 'priority_boost = 4' 'space_left = 2' 'space_left_action = IGNORE' \
		'admin_space_left = 1' 'admin_space_left_action = IGNORE' 'disk_full_action = IGNORE' 'disk_error_action = IGNORE' 'q_depth = 32768' \
		'plugin_dir = /etc/audit/plugins.d' >/etc/audit/auditd.conf
	chmod 0640 /etc/audit/auditd.conf
	printf '#!/bin/sh\nexit 0\n' >"$work/bin/service"
	chmod +x "$work/bin/service"
	PATH=$work/bin:$PATH
}

start_auditd() {
	auditd -n -s enable -c /etc/audit >"$work/auditd.log" 2>&1 &
	auditd=$!
	for _ in $(seq 100); do
		[ "$(status pid)" = 0 ] || return 0
		sleep 0.1
	done
	die "auditd does not start: $(tail -n 3 "$work/auditd.log")"
}

rules=20

start_agent() {
	{
		printf 'apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: testsuite}\nspec:\n  rules: |\n'
		for i in $(seq $rules); do printf '    -w /etc/nodeaudit-testsuite-%d -p wa -k nodeaudit-testsuite\n' "$i"; done
	} >"$work/policy.yaml"
	"$work/nodeagent" --policy "$work/policy.yaml" --state-dir "$work/state" --log-dir "$work/agent" --run-dir '' --metrics-address '' --node testsuite \
		--contest-after 0 >"$work/agent.out" 2>"$work/agent.err" &
	agent=$!
	held || die "the agent loads no rules: $(tail -n 3 "$work/agent.err")"
}

# held waits until the kernel has the agent's rules.
held() {
	for _ in $(seq 300); do
		kill -0 "$agent" 2>/dev/null || return 1
		[ "$(auditctl -l | grep -c nodeaudit-testsuite)" != $rules ] || return 0
		sleep 0.1
	done
	return 1
}

# run TEST prints how many of its checks passed, and which did not.
run() {
	local out
	: >/var/log/audit/audit.log # ausearch reads it again for each check
	out=$(cd "$suite" && MODE=64 ATS_DEBUG=0 timeout 180 perl "./$1/test" 2>/dev/null) || true
	awk '/^1\.\./ { plan = substr($1, 4) } /^ok / { passed++ } /^not ok / { failed = failed " " $3 }
		END { printf "%d of %d%s", passed, plan, failed == "" ? "" : ", not" failed }' <<<"$out"
}

inside() {
	work=$1 suite=$2
	own_files
	echo 0 >/proc/self/loginuid || true # the tests are made for a person who has logged in
	start_auditd
	declare -A alone beside
	for test in ${TESTS:-$default}; do alone[$test]=$(run "$test"); done
	start_agent
	broken=0
	printf '| test | checks passed beside auditd alone | with the agent too | |\n|---|---|---|---|\n'
	for test in ${TESTS:-$default}; do
		beside[$test]=$(run "$test")
		verdict=same
		[ "${alone[$test]}" = "${beside[$test]}" ] || { verdict=differs; broken=1; }
		held || { verdict="the agent lost its rules"; broken=1; }
		printf '| %s | %s | %s | %s |\n' "$test" "${alone[$test]}" "${beside[$test]}" "$verdict"
	done
	kill -TERM "$agent"
	wait "$agent" || true
	"$work/nodeagent" --release --state-dir "$work/state" --node testsuite >/dev/null 2>&1 || true
	kill -TERM "$auditd"
	wait "$auditd" || true
	printf '\nThe agent: %d lines; ' "$(wc -l <"$work/agent/audit.log")"
	"$work/nodeaudit" verify "$work/agent" || broken=1
	[ -z "${KEEP:-}" ] || cp -r "$work/agent" "$work/agent.err" "$KEEP"
	exit $broken
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
else
	outside "$@"
fi
