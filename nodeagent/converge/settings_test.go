package converge

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

func TestTargets(t *testing.T) {
	rules := Want{Rules: []Rule{{Text: "r", Enforced: true}}}
	found := Ledger{Found: map[setting]uint32{enabled: kernel.Off, backlogLimit: 64}}
	for name, test := range map[string]struct {
		want Want
		have Have
		out  map[setting]uint32
	}{
		"rules need the audit system to be on":                   {rules, Have{}, map[setting]uint32{enabled: kernel.On}},
		"observed rules do not":                                  {Want{Rules: []Rule{{Text: "r"}}}, Have{}, map[setting]uint32{}},
		"what nobody asks for becomes what was found":            {Want{}, Have{Ledger: found}, map[setting]uint32{enabled: kernel.Off, backlogLimit: 64}},
		"an auditd that has come since keeps the system on":      {Want{}, Have{Ledger: found, Status: kernel.Status{PID: 7}}, map[setting]uint32{backlogLimit: 64}},
		"a lock is on already":                                   {rules, Have{Status: kernel.Status{Enabled: kernel.Locked}}, map[setting]uint32{}},
		"what a policy asks for comes before what was found":     {withBacklog(1024), Have{Ledger: found}, map[setting]uint32{enabled: kernel.Off, backlogLimit: 1024}},
		"a limit of nothing is a value, and a mode has a number": {withSilence(), Have{}, map[setting]uint32{backlogLimit: 0, failureMode: 0}},
	} {
		if diff := cmp.Diff(test.out, targets(test.want, test.have)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func withBacklog(n int64) Want { return Want{Kernel: v1alpha1.KernelSettings{BacklogLimit: &n}} }

func withSilence() Want {
	want := withBacklog(0)
	want.Kernel.FailureMode = v1alpha1.FailureModeSilent
	return want
}
