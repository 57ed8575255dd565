package rollout

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func settled(name, digest, desired string, policies ...string) Node {
	return Node{Name: name, Current: digest, Reported: digest, InSyncSince: now.Add(-time.Hour), Desired: desired, Policies: policies}
}

func moving(name, digest, desired string, policies ...string) Node {
	return Node{Name: name, Current: digest, Reported: "before", Desired: desired, Policies: policies}
}

func soaking(name, digest, desired string, since time.Duration, policies ...string) Node {
	return Node{Name: name, Current: digest, Reported: digest, InSyncSince: now.Add(-since), Desired: desired, Policies: policies}
}

func upTo(value string, soak time.Duration) v1alpha1.Rollout {
	return v1alpha1.Rollout{MaxUnavailable: new(intstr.Parse(value)), Soak: metav1.Duration{Duration: soak}}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name     string
		nodes    []Node
		settings map[string]v1alpha1.Rollout
		allowed  []string
		held     int
		next     time.Time
	}{
		{
			name:     "without a limit all nodes change at once",
			nodes:    []Node{settled("n1", "a", "b", "p"), settled("n2", "a", "b", "p"), settled("n3", "b", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": {}},
			allowed:  []string{"n1", "n2"},
		},
		{
			name:     "a number lets so many go, in the order of their names",
			nodes:    []Node{settled("n3", "a", "b", "p"), settled("n1", "a", "b", "p"), settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("2", 0)},
			allowed:  []string{"n1", "n2"},
			held:     1,
		},
		{
			name:     "a share is rounded down",
			nodes:    []Node{settled("n1", "a", "b", "p"), settled("n2", "a", "b", "p"), settled("n3", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("67%", 0)},
			allowed:  []string{"n1", "n2"},
			held:     1,
		},
		{
			name: "nodes that soak wait where more of them do than the policy lets by now",
			nodes: []Node{
				soaking("n1", "a", "b", time.Second, "p"), soaking("n2", "a", "b", 2*time.Second, "p"), moving("n3", "a", "b", "p"),
			},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 3*time.Second)},
			allowed:  []string{"n3"},
			held:     2,
			next:     now.Add(time.Second),
		},
		{
			name:     "at least one node moves",
			nodes:    []Node{settled("n1", "a", "b", "p"), settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1%", 0)},
			allowed:  []string{"n1"},
			held:     1,
		},
		{
			name:     "a first configuration is a change",
			nodes:    []Node{{Name: "n1", Desired: "a", Policies: []string{"p"}}, {Name: "n2", Desired: "a", Policies: []string{"p"}}},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 0)},
			allowed:  []string{"n1"},
			held:     1,
		},
		{
			name:     "a node that is on its way takes the place of another",
			nodes:    []Node{moving("n1", "b", "b", "p"), settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 0)},
			held:     1,
		},
		{
			name:     "a node that is on its way may turn to something newer",
			nodes:    []Node{moving("n1", "b", "c", "p"), settled("n2", "a", "c", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 0)},
			allowed:  []string{"n1"},
			held:     1,
		},
		{
			name:     "a node counts until it has soaked, and that is when to ask again",
			nodes:    []Node{soaking("n1", "b", "b", time.Minute, "p"), settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 3*time.Minute)},
			held:     1,
			next:     now.Add(2 * time.Minute),
		},
		{
			name:     "a node that has soaked no longer counts",
			nodes:    []Node{soaking("n1", "b", "b", 3*time.Minute, "p"), settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 3*time.Minute)},
			allowed:  []string{"n2"},
		},
		{
			name:     "nobody waits for a soaking node when nothing else changes",
			nodes:    []Node{soaking("n1", "b", "b", time.Minute, "p"), settled("n2", "b", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 3*time.Minute)},
		},
		{
			name:     "a node that cannot be audited holds nobody up",
			nodes:    []Node{{Name: "n1", Current: "b", Reported: "b", Desired: "b", Unsupported: true, Policies: []string{"p"}}, settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 0)},
			allowed:  []string{"n2"},
		},
		{
			name:     "a node whose agent has gone counts while it is on its way",
			nodes:    []Node{{Name: "n1", Current: "b", Desired: "b", Policies: []string{"p"}}, settled("n2", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": upTo("1", 0)},
			held:     1,
		},
		{
			name:     "a paused policy keeps its nodes, those on their way too",
			nodes:    []Node{settled("n1", "a", "b", "p"), moving("n2", "b", "c", "p"), settled("n3", "a", "b", "q")},
			settings: map[string]v1alpha1.Rollout{"p": {Paused: true}, "q": {}},
			allowed:  []string{"n3"},
			held:     2,
		},
		{
			name:     "the strictest policy on a node counts",
			nodes:    []Node{settled("n1", "a", "b", "p", "q"), settled("n2", "a", "b", "p", "q"), settled("n3", "a", "b", "p")},
			settings: map[string]v1alpha1.Rollout{"p": {}, "q": upTo("1", 0)},
			allowed:  []string{"n1", "n3"},
			held:     1,
		},
		{
			name:    "a policy that was deleted sets no limit",
			nodes:   []Node{settled("n1", "a", "e", "gone"), settled("n2", "a", "e", "gone")},
			allowed: []string{"n1", "n2"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decide(tt.nodes, tt.settings, now)
			if diff := cmp.Diff(tt.allowed, slices.Sorted(maps.Keys(got.Allowed))); diff != "" {
				t.Errorf("allowed (-want +got):\n%s", diff)
			}
			if got.Held != tt.held || !got.Next.Equal(tt.next) {
				t.Errorf("held %d, next %v; want %d, %v", got.Held, got.Next, tt.held, tt.next)
			}
		})
	}
}

// TestNeverMoreOnTheirWayThanAllowed plays rollouts with random fleets, agents that come and go, and policies that change in the middle.
func TestNeverMoreOnTheirWayThanAllowed(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { play(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func play(t *testing.T, random *rand.Rand) {
	t.Helper()
	policies := []string{"p", "q", "r"}
	settings := map[string]v1alpha1.Rollout{
		"p": upTo(fmt.Sprint(1+random.IntN(5)), time.Duration(random.IntN(3))*time.Minute),
		"q": upTo(fmt.Sprintf("%d%%", 1+random.IntN(100)), 0),
		"r": {},
	}
	nodes := make([]Node, 1+random.IntN(40))
	for i := range nodes {
		nodes[i] = settled(fmt.Sprint("n", i), "0", "1")
		for _, p := range policies {
			if random.IntN(2) == 0 {
				nodes[i].Policies = append(nodes[i].Policies, p)
			}
		}
	}
	clock := now
	for step := range 60 {
		clock = clock.Add(time.Duration(random.IntN(90)) * time.Second)
		if random.IntN(20) == 0 {
			for i := range nodes {
				nodes[i].Desired = fmt.Sprint(step)
			}
		}
		before := onTheirWay(nodes, settings, clock)
		for name := range Decide(nodes, settings, clock).Allowed {
			i := slices.IndexFunc(nodes, func(n Node) bool { return n.Name == name })
			nodes[i].Current = nodes[i].Desired
		}
		check(t, nodes, settings, before, onTheirWay(nodes, settings, clock))
		for i := range nodes {
			if random.IntN(3) == 0 && nodes[i].Reported != nodes[i].Current {
				nodes[i].Reported, nodes[i].InSyncSince = nodes[i].Current, clock
			}
		}
	}
}

func onTheirWay(nodes []Node, settings map[string]v1alpha1.Rollout, clock time.Time) map[string]int {
	count := map[string]int{}
	for _, node := range nodes {
		if at := node.settledAt(soak(node, settings)); !at.IsZero() && !at.After(clock) {
			continue
		}
		for _, p := range node.Policies {
			count[p]++
		}
	}
	return count
}

func check(t *testing.T, nodes []Node, settings map[string]v1alpha1.Rollout, before, after map[string]int) {
	t.Helper()
	for name, rollout := range settings {
		total := 0
		for _, node := range nodes {
			if slices.Contains(node.Policies, name) {
				total++
			}
		}
		if most := max(limit(rollout.MaxUnavailable, total), before[name]); after[name] > most {
			t.Fatalf("policy %s: %d of %d nodes are on their way, at most %d may be", name, after[name], total, most)
		}
	}
}
