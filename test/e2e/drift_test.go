//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"
)

func TestARuleThatIsDeletedByHandComesBackAndIsCountedAsDrift(t *testing.T) {
	p := create(t, "drift", "-w /etc/nodeaudit-e2e-drift -p wa -k drift\n-w /etc/nodeaudit-e2e-drift2 -p wa -k drift\n")
	ready(t, p)
	before := report(t, hostNode).Drift.Count

	deleteByHand(t, "nodeaudit-e2e-drift2")
	eventually(t, 40*time.Second, func() error {
		if got := listed(t, "drift"); len(got) != 2 {
			return fmt.Errorf("the kernel lists %q", got)
		}
		return nil
	})
	eventually(t, 20*time.Second, func() error {
		if r := report(t, hostNode); r.Drift.Count <= before || r.Drift.LastTime == nil || r.Drift.LastMessage == "" {
			return fmt.Errorf("the agent reports drift %+v, had %d", r.Drift, before)
		}
		return nil
	})
	ready(t, p)
}
