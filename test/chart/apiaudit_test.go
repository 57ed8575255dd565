package chart

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/nodeaudit/nodeaudit/controllers/sessions"
)

const withAPIAudit = "--set=apiAudit.enabled=true"

// Without the value there is nothing of it: no right, no port, no Secret, and no argument of a program.
func TestAuditEventsAreTakenOnlyWhereAsked(t *testing.T) {
	for _, enabled := range []bool{false, true} {
		flags := []string{"--set=networkPolicy.enabled=true", "--set=apiAudit.clusterIP=10.96.0.77"}
		if enabled {
			flags = append(flags, withAPIAudit)
		}
		all := render(t, flags...)
		for _, kind := range []string{"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Secret", "Service"} {
			if has(all, kind, sessions.Name) != enabled {
				t.Errorf("enabled %v: %s", enabled, kind)
			}
		}
		containers := pods(t, all)
		if slices.Contains(containers["controller"].Containers[0].Args, "--api-audit-port=9444") != enabled {
			t.Errorf("enabled %v: the controller has %v", enabled, containers["controller"].Containers[0].Args)
		}
		if slices.Contains(containers["controller"].Containers[0].Ports, corev1.ContainerPort{Name: "api-audit", ContainerPort: 9444}) != enabled {
			t.Errorf("enabled %v: ports %v", enabled, containers["controller"].Containers[0].Ports)
		}
		if slices.Contains(containers["agent"].Containers[0].Args, "--api-sessions") != enabled {
			t.Errorf("enabled %v: the agent has %v", enabled, containers["agent"].Containers[0].Args)
		}
		open := find[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", "nodeaudit-controller").Spec.Ingress
		if got := len(open) == 2 && open[1].Ports[0].Port.String() == "api-audit" && open[1].From == nil; got != enabled {
			t.Errorf("enabled %v: the network policy lets in %v", enabled, open)
		}
		if enabled {
			if got := find[corev1.Service](t, all, "Service", sessions.Name).Spec.ClusterIP; got != "10.96.0.77" {
				t.Errorf("the Service's address is %q", got)
			}
		}
	}
}

// All that the controller may do for it. docs/security-model.md has the reason of each: change it there too.
func TestAuditEventsGiveTheseRightsAndNoOther(t *testing.T) {
	all := render(t, withAPIAudit)
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{sessions.Name}, Verbs: []string{"get", "patch"}},
	}
	if diff := cmp.Diff(want, find[rbacv1.Role](t, all, "Role", sessions.Name).Rules); diff != "" {
		t.Errorf("in the namespace (-want +got):\n%s", diff)
	}
	want = []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
	if diff := cmp.Diff(want, find[rbacv1.ClusterRole](t, all, "ClusterRole", sessions.Name).Rules); diff != "" {
		t.Errorf("in the cluster (-want +got):\n%s", diff)
	}
	account := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "nodeaudit-controller", Namespace: namespace}}
	if diff := cmp.Diff(account, find[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding", sessions.Name).Subjects); diff != "" {
		t.Errorf("bound to (-want +got):\n%s", diff)
	}
	before, after := find[rbacv1.ClusterRole](t, render(t), "ClusterRole", "nodeaudit-agent"), find[rbacv1.ClusterRole](t, all, "ClusterRole", "nodeaudit-agent")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the agents (-without +with):\n%s", diff)
	}
}

func TestKustomizeAddsTheAuditEventsThatHelmDoes(t *testing.T) {
	sameByKustomize(t, "apiaudit", withAPIAudit)
}
