#!/usr/bin/env bash
# generate.sh makes the chart's share of what is generated, and config/ from the chart.
#
# The chart is the one source of the manifests: what people apply with kustomize is what Helm renders with the default values, without
# Helm's own labels and hooks. So the two cannot drift apart, and a change of the chart shows in review as what it does to a cluster.
set -euo pipefail
cd "$(dirname "$0")/.."
chart=charts/nodeaudit
hack/tools/build.sh helm

for program in controller agent uninstall webhook tenants apiaudit; do
	go tool controller-gen rbac:roleName=nodeaudit-$program,fileName=$program.yaml paths=./internal/rights/$program output:rbac:dir=$chart/files/rbac
done
mkdir -p $chart/files/crds
rm -f $chart/files/crds/*
cp config/crd/bases/*.yaml $chart/files/crds/

# plain removes what only Helm understands. An `annotations:` that is left without entries goes too.
plain() {
	awk '
		/^# Source: / || /^ *(helm\.sh\/|app\.kubernetes\.io\/managed-by:)/ { next }
		/^ *annotations:$/ { held = $0; next }
		held != "" {
			match(held, /^ */); outer = RLENGTH
			match($0, /^ */)
			if (RLENGTH > outer) print held
			held = ""
		}
		/^[[:space:]]*$/ || (/^---$/ && !body) { next }
		/^---$/ { separator = 1; next }
		separator { print "---"; separator = 0 }
		{ body = 1; print }
	'
}

# render TEMPLATE FILE [FLAG…]
render() {
	local template=$1 file=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	{
		echo "# Made from $chart/templates/$template by config/generate.sh."
		.local/bin/helm template nodeaudit $chart --namespace nodeaudit-system --show-only "templates/$template" "$@" | plain
	} >"$file.new"
	mv "$file.new" "$file"
}

render agent/daemonset.yaml config/agent/daemonset.yaml
render agent/rbac.yaml config/rbac/agent.yaml
render controller/deployment.yaml config/controller/deployment.yaml
render controller/rbac.yaml config/rbac/controller.yaml
render admission/configmaps.yaml config/admission/configmaps.yaml
render admission/nodeauditstatuses.yaml config/admission/nodeauditstatuses.yaml
render uninstall/job.yaml config/uninstall/job.yaml
render uninstall/rbac.yaml config/uninstall/rbac.yaml
render admission/webhook.yaml config/webhook/webhook.yaml --set webhook.enabled=true
render admission/webhook-rbac.yaml config/webhook/rbac.yaml --set webhook.enabled=true
render controller/tenants.yaml config/tenants/rbac.yaml --set tenants.enabled=true
render controller/apiaudit.yaml config/apiaudit/apiaudit.yaml --set apiAudit.enabled=true
