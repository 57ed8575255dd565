//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestAnAgentThatIsKilledBetweenTwoChangesConverges(t *testing.T) {
	p := create(t, "killed", watches("killed", "old", 150))
	ready(t, p)
	before := configDigests(t)
	update(t, p, func() { p.Spec.Rules = watches("killed", "new", 150) })
	eventually(t, 30*time.Second, func() error {
		if configDigests(t) == before {
			return fmt.Errorf("the nodes have no new configuration yet")
		}
		return nil
	})
	// The kernel takes 13 ms for each deletion: now the agents are in the middle of them.
	for _, node := range nodes {
		killAgent(t, node)
	}
	eventually(t, 2*time.Minute, func() error {
		got := strings.Join(listed(t, "killed"), "\n")
		if n := strings.Count(got, "-new-"); n != 150 || strings.Contains(got, "-old-") {
			return fmt.Errorf("%d of 150 new rules, %d old ones", n, strings.Count(got, "-old-"))
		}
		return nil
	})
	ready(t, p)
}

func TestAnAgentPodThatIsDeletedLeavesNoGap(t *testing.T) {
	p := create(t, "replaced", "-w /etc/nodeaudit-e2e-replaced -p wa -k replaced\n")
	ready(t, p)
	old := agentPod(t, hostNode)
	if err := admin.Delete(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() error {
		if err := present("replaced"); err != nil {
			t.Fatal(err)
		}
		if now := agentPod(t, hostNode); now.UID == old.UID {
			return fmt.Errorf("the old pod is still there")
		}
		return nil
	})
	ready(t, p)
}

func TestTheAgentEnforcesWhileTheAPIServerIsAwayEvenAfterARestart(t *testing.T) {
	away := 30 * time.Second
	if text := os.Getenv("NODEAUDIT_E2E_API_AWAY"); text != "" { // for example 10m
		var err error
		if away, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	p := create(t, "away", "-w /etc/nodeaudit-e2e-away -p wa -k away\n")
	ready(t, p)
	apiServer(t, "stop")
	defer apiServer(t, "start")

	throughout(t, away, func() error { return present("away") })
	deleteByHand(t, "nodeaudit-e2e-away")
	eventually(t, 40*time.Second, func() error { return present("away") })

	killAgent(t, hostNode)
	eventually(t, time.Minute, func() error {
		if len(agentProcesses(hostNode)) == 0 {
			return fmt.Errorf("the agent has not come back yet")
		}
		return nil
	})
	deleteByHand(t, "nodeaudit-e2e-away")
	eventually(t, time.Minute, func() error { return present("away") })

	back := time.Now()
	apiServer(t, "start")
	eventually(t, 2*time.Minute, func() error {
		if r := report(t, hostNode); r.HeartbeatTime.Time.Before(back) || r.State != v1alpha1.NodeInSync {
			return fmt.Errorf("the agent reports %s at %s", r.State, r.HeartbeatTime)
		}
		return nil
	})
	// A change reaches every node again: the controller's own watches take up to a minute to come back.
	update(t, p, func() { p.Spec.Rules += "-w /etc/nodeaudit-e2e-back -p wa -k away\n" })
	readyWithin(t, p, 3*time.Minute)
}

// watches returns n watches of files that do not exist.
func watches(key, word string, n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "-w /etc/nodeaudit-e2e-%s-%d -p wa -k %s\n", word, i, key)
	}
	return text.String()
}
