//go:build vm

package vm

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// serve runs the agent as a service that looks at the kernel by itself once in an hour: what it sees before, the kernel has told it.
func (n node) serve(policy string) {
	n.t.Helper()
	n.write("/tmp/policy.yaml", policy)
	n.sh("systemd-run --quiet --unit nodeagent nodeagent --policy /tmp/policy.yaml --interval 1h -o json")
}

// leaveService ends the agent.
func (n node) leaveService() {
	n.t.Helper()
	n.sh("systemctl stop nodeagent")
}

// await waits for a shell condition in the guest, and returns how long it took by the guest's clock.
func (n node) await(condition string) string {
	n.t.Helper()
	return strings.TrimSpace(n.sh(fmt.Sprintf(`begun=$(date +%%s%%N)
for i in $(seq 600); do
	if %s; then echo $((($(date +%%s%%N) - begun) / 1000000)) ms; exit; fi
	sleep 0.05
done
journalctl --no-pager --unit nodeagent >&2; auditctl -l >&2; auditctl -s >&2; exit 1`, condition)))
}

// said waits for a report of the serving agent that the check is content with.
func (n node) said(what string, check func(v1alpha1.NodeAuditReport) bool) v1alpha1.NodeAuditReport {
	n.t.Helper()
	var last v1alpha1.NodeAuditReport
	for range 100 {
		line := n.sh("journalctl --no-pager --output cat --unit nodeagent | grep '^{\"node\"' | tail -n 1 || true")
		if line != "" {
			last = v1alpha1.NodeAuditReport{}
			if err := json.Unmarshal([]byte(line), &last); err != nil {
				n.t.Fatalf("%q: %v", line, err)
			}
			if check(last) {
				return last
			}
		}
		n.sh("sleep 0.3")
	}
	n.t.Fatalf("%s was not reported; the last report has state %s (%s): %s, drift %+v", what, last.State, last.Reason, last.Message, last.Drift)
	return last
}

// holds is the condition that the kernel has rules with these keys.
func holds(keys ...string) string {
	var all []string
	for _, key := range keys {
		all = append(all, "auditctl -l | grep -q "+key)
	}
	return strings.Join(all, " && ")
}
