package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func drifted(count int64) v1alpha1.NodeAuditReport {
	return v1alpha1.NodeAuditReport{Drift: v1alpha1.DriftReport{
		Count: count, LastMessage: "1 rules had been deleted", LastBy: &v1alpha1.Actor{Comm: "auditctl", PID: new(int64(7))},
	}}
}

func rebooted(bootID string) v1alpha1.NodeAuditReport {
	return v1alpha1.NodeAuditReport{
		LastReboot: &v1alpha1.RebootRecord{BootID: bootID, BootTime: metav1.NewTime(noon)},
		Conditions: []v1alpha1.NodeCondition{{Type: v1alpha1.ConditionUnexpectedReboot, Message: "find out who did it"}},
	}
}

func TestWhatIsToldOfANode(t *testing.T) {
	contested := drifted(5)
	contested.Drift.Contested = &v1alpha1.ContestReport{Count: 3, By: contested.Drift.LastBy}
	expected := rebooted("two")
	expected.Conditions = nil
	for _, row := range []struct {
		name   string
		before told
		report v1alpha1.NodeAuditReport
		want   []string
		later  bool
	}{
		{"nothing new", told{drift: 3}, drifted(3), nil, false},
		{"one repair, with who did it", told{drift: 3}, drifted(4), []string{
			"Drift: repaired what others had changed, once: 1 rules had been deleted; by auditctl (pid 7)",
		}, false},
		{"several repairs are one Event", told{drift: 3}, drifted(9), []string{
			"Drift: repaired what others had changed, 6 times, the last: 1 rules had been deleted; by auditctl (pid 7)",
		}, false},
		{"one that comes soon after is told later", told{drift: 3, at: noon.Add(-59 * time.Second)}, drifted(4), nil, true},
		{"and then it is", told{drift: 3, at: noon.Add(-time.Minute)}, drifted(4), []string{
			"Drift: repaired what others had changed, once: 1 rules had been deleted; by auditctl (pid 7)",
		}, false},
		{"another boot counts anew", told{drift: 3}, drifted(0), nil, false},
		{"another boot with drift", told{drift: 3}, drifted(1), []string{
			"Drift: repaired what others had changed, once: 1 rules had been deleted; by auditctl (pid 7)",
		}, false},
		{"a contest", told{drift: 5}, contested, []string{
			"Contested: 3 rules and settings are undone again and again, last by auditctl (pid 7): they are repaired less and less often",
		}, false},
		{"a contest that goes on", told{drift: 5, contested: true}, contested, nil, false},
		{"an unexpected reboot", told{reboot: "one"}, rebooted("two"), []string{"UnexpectedReboot: find out who did it"}, false},
		{"one that was told", told{reboot: "two"}, rebooted("two"), nil, false},
		{"an expected one", told{}, expected, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			after, notes, later := tell(row.before, row.report, noon)
			var got []string
			for _, n := range notes {
				got = append(got, n.reason+": "+n.message)
			}
			if diff := cmp.Diff(row.want, got); diff != "" || later != row.later {
				t.Errorf("later %v, told (-want +got):\n%s", later, diff)
			}
			if _, again, _ := tell(after, row.report, noon); len(again) != 0 {
				t.Errorf("told once more: %v", again)
			}
		})
	}
}

func TestAControllerThatStartsTellsOnlyWhatIsFresh(t *testing.T) {
	object := &v1alpha1.NodeAuditStatus{Status: rebooted("two")}
	object.Status.Drift.Count = 7
	for _, row := range []struct {
		after time.Duration
		want  string
	}{{time.Minute, "UnexpectedReboot"}, {recent + time.Second, ""}} {
		now := noon.Add(row.after)
		_, notes, _ := tell(first(object, now), object.Status, now)
		var got []string
		for _, n := range notes {
			got = append(got, n.reason)
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%v after the boot: told %q, want %q", row.after, got, row.want)
		}
	}
}
