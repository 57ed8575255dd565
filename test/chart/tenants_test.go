package chart

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

const withTenants = "--set=tenants.enabled=true"

// Without the value there is nothing of it: no right, and no argument of a program.
func TestTenantsAreLetInOnlyWhereAsked(t *testing.T) {
	for _, enabled := range []bool{false, true} {
		all := render(t)
		if enabled {
			all = render(t, withTenants, "--set=tenants.destinations[0].hosts={logs.test}", "--set=tenants.destinations[0].ports={443}")
		}
		flags := ""
		for name, pod := range pods(t, all) {
			for _, arg := range pod.Containers[0].Args {
				if strings.HasPrefix(arg, "--tenants") {
					flags += name + " " + arg + "\n"
				}
			}
		}
		lines := slices.Sorted(strings.Lines(flags))
		want := []string(nil)
		if enabled {
			want = []string{
				"agent --tenants\n",
				`controller --tenants={"destinations":[{"hosts":["logs.test"],"ports":[443]}],"limits":{"eventsPerSecond":100,"queueBytesPerNamespace":"64Mi","routesPerNamespace":8}}` + "\n",
			}
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("enabled %v (-want +got):\n%s", enabled, diff)
		}
		for _, role := range []string{"nodeaudit-tenants", "nodeaudit-tenants-edit", "nodeaudit-tenants-view"} {
			if has(all, "ClusterRole", role) != enabled {
				t.Errorf("enabled %v: role %s", enabled, role)
			}
		}
	}
}

// The agents get no right at all by it: no Secret of anybody.
func TestTenantsGiveTheseRightsAndNoOther(t *testing.T) {
	all := render(t, withTenants)
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{"nodeaudit.dev"}, Resources: []string{"auditroutes", "namespacedauditsinks"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"nodeaudit.dev"}, Resources: []string{"auditroutes/status", "namespacedauditsinks/status"}, Verbs: []string{"patch"}},
	}
	if diff := cmp.Diff(want, find[rbacv1.ClusterRole](t, all, "ClusterRole", "nodeaudit-tenants").Rules); diff != "" {
		t.Errorf("the controller (-want +got):\n%s", diff)
	}
	account := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "nodeaudit-controller", Namespace: namespace}}
	if diff := cmp.Diff(account, find[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding", "nodeaudit-tenants").Subjects); diff != "" {
		t.Errorf("bound to (-want +got):\n%s", diff)
	}
	before, after := find[rbacv1.ClusterRole](t, render(t), "ClusterRole", "nodeaudit-agent"), find[rbacv1.ClusterRole](t, all, "ClusterRole", "nodeaudit-agent")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the agents (-without +with tenants):\n%s", diff)
	}
	for _, rule := range after.Rules {
		if slices.Contains(rule.Resources, "secrets") {
			t.Errorf("the agents may %v %v", rule.Verbs, rule.Resources)
		}
	}
}

func TestKustomizeAddsTheTenantsThatHelmDoes(t *testing.T) {
	sameByKustomize(t, "tenants", withTenants)
}
