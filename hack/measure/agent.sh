#!/usr/bin/env bash
# agent.sh [SECONDS] prints the figures of docs/figures.md that need a running cluster: memory and processor time of an idle agent with 200
# rules over SECONDS (default 300), and the time from `kubectl apply` to Ready=True. It needs KUBECONFIG, with the chart installed, and a
# node whose processes this machine sees (the local cluster). It removes the policies that it made.
set -euo pipefail
seconds=${1:-300}
repetitions=5
namespace=${NAMESPACE:-nodeaudit-system}
node=${NODE:-host}

note() { printf '%s\n' "$*" >&2; }

# policy NAME RULES… prints a policy for one node.
policy() {
	local name=$1
	shift
	printf 'apiVersion: nodeaudit.dev/v1alpha1\nkind: AuditPolicy\nmetadata: {name: %s}\nspec:\n' "$name"
	printf '  nodeSelector: {matchLabels: {kubernetes.io/hostname: %s}}\n  rules: |\n' "$node"
	printf '    %s\n' "$@"
}

remove() { kubectl delete auditpolicy measure-200 measure-latency --ignore-not-found >/dev/null; }
trap remove EXIT

apply_and_wait() { # NAME, policy on standard input: milliseconds until Ready=True
	local started
	started=$(date +%s%N)
	kubectl apply -f - >/dev/null
	kubectl wait --for=condition=Ready "auditpolicy/$1" --timeout=60s >/dev/null
	echo $((($(date +%s%N) - started) / 1000000))
}

agent_pid() {
	local id
	id=$(kubectl -n "$namespace" get pods -l app.kubernetes.io/component=agent --field-selector "spec.nodeName=$node" \
		-o 'jsonpath={.items[0].status.containerStatuses[0].containerID}')
	id=${id##*//}
	grep -ls "$id" /proc/[0-9]*/cgroup | cut -d/ -f3 | while read -r pid; do
		[ "$(readlink "/proc/$pid/exe")" != /nodeagent ] || echo "$pid"
	done | head -n 1
}

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }

note "loading 200 rules on node $node"
mapfile -t rules < <(for i in $(seq 200); do echo "-w /etc/measure-$i.conf -p wa -k measure"; done)
policy measure-200 "${rules[@]}" | apply_and_wait measure-200 >/dev/null
pid=$(agent_pid)
[ -n "$pid" ] || { note "the agent's process on node $node is not on this machine"; exit 1; }
note "watching process $pid for $seconds s"
before=$(ticks "$pid")
sleep "$seconds"
used=$(($(ticks "$pid") - before))
echo "agent, 200 rules, idle: $(awk '/^VmRSS/ {printf "%.1f MiB resident", $2 / 1024}' "/proc/$pid/status")" \
	"($(awk '/^RssAnon/ {printf "%.1f MiB anonymous", $2 / 1024}' "/proc/$pid/status"))," \
	"$(awk -v t="$used" -v hz="$(getconf CLK_TCK)" -v s="$seconds" 'BEGIN {printf "%.3f %% of a core over %d s", 100 * t / hz / s, s}')"

note "measuring kubectl apply to Ready=True $repetitions times"
for i in $(seq $repetitions); do
	policy measure-latency "-w /etc/measure-latency-$i.conf -p wa -k measure" | apply_and_wait measure-latency
done | sort -n | awk '{t[NR] = $1} END {printf "kubectl apply to Ready=True: min %d ms, median %d ms, max %d ms of %d\n", t[1], t[int((NR + 1) / 2)], t[NR], NR}'
