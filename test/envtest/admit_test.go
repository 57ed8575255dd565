package envtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestTheWebhookAnswersInTheCompilersWords(t *testing.T) {
	clean(t)
	before := policy("before", broken)
	doomed := policy("doomed", broken)
	doomed.Finalizers = []string{"example.org/stay"}
	limited := policy("limited", passwd, func(s *v1alpha1.AuditPolicySpec) { s.Kernel.BacklogLimit = new(int64(1000)) })
	create(t, node("n1"), before, doomed, limited) // while there is no webhook
	w := installWebhook(t)
	start(t, w.options)
	w.untilItRefuses(t)

	judged(t, []judgement{
		{
			"a rule that does not compile, with line, column and reason",
			func(c client.Client) error { return c.Create(t.Context(), policy("p", broken)) },
			[]string{`admission webhook "auditpolicies.nodeaudit.dev" denied the request: rules: line 2`, "nosuchfield"},
			nil,
		},
		{
			"a selector that does not compile",
			func(c client.Client) error {
				return c.Create(t.Context(), policy("p", passwd, func(s *v1alpha1.AuditPolicySpec) {
					s.NodeSelector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}
				}))
			},
			[]string{"nodeSelector:", `"Near"`},
			nil,
		},
		{"a policy that is good", func(c client.Client) error { return c.Create(t.Context(), policy("good", passwd)) }, nil, nil},
		{"it becomes bad", func(c client.Client) error { return merge(t, c, "good", `{"spec":{"rules":"-w relative -p wa"}}`) }, []string{"line 1"}, nil},
		{
			"a rule with a remark is taken, and the remark shown",
			func(c client.Client) error { return c.Create(t.Context(), policy("warned", passwd+"-e 0\n")) },
			nil,
			[]string{"-e 0 has no effect: a policy with rules turns auditing on"},
		},
		{
			"a sink that is not there yet",
			func(c client.Client) error {
				return c.Create(t.Context(), policy("routed", passwd, func(s *v1alpha1.AuditPolicySpec) {
					s.Routes = []v1alpha1.Route{{Name: "all", Sinks: []string{"later"}}}
				}))
			},
			nil,
			[]string{"there is no AuditSink later yet"},
		},
		{
			"another policy is in the way",
			func(c client.Client) error {
				return c.Create(t.Context(), policy("second", passwd, func(s *v1alpha1.AuditPolicySpec) { s.Kernel.BacklogLimit = new(int64(2000)) }))
			},
			nil,
			[]string{"this policy will be Stalled: kernel.backlogLimit is 2000 here and 1000 in policy limited"},
		},
		{
			"it is in another policy's way",
			func(c client.Client) error {
				return c.Create(t.Context(), policy("first", passwd, func(s *v1alpha1.AuditPolicySpec) { s.Kernel.BacklogLimit = new(int64(3000)) }))
			},
			nil,
			[]string{"policy limited will be Stalled by this one: kernel.backlogLimit is 1000 here and 3000 in policy first"},
		},
		{"somebody labels a policy that is broken already", func(c client.Client) error {
			return merge(t, c, "before", `{"metadata":{"labels":{"team":"x"}}}`)
		}, nil, nil},
		{"somebody changes it, and it is still broken", func(c client.Client) error {
			return merge(t, c, "before", `{"spec":{"priority":7}}`)
		}, []string{"line 2"}, nil},
		{"somebody mends it", func(c client.Client) error {
			return merge(t, c, "before", `{"spec":{"rules":"`+strings.TrimSpace(shadow)+`"}}`)
		}, nil, nil},
		{"a broken policy is deleted", func(c client.Client) error { return c.Delete(t.Context(), policy("doomed", "")) }, nil, nil},
		{"and its finalizer taken off", func(c client.Client) error { return merge(t, c, "doomed", `{"metadata":{"finalizers":null}}`) }, nil, nil},
	})
}

// judgement is what the API server says of one try.
type judgement struct {
	name     string
	try      func(client.Client) error
	refusal  []string // nil: taken
	warnings []string // a part of each
}

func judged(t *testing.T, rows []judgement) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var heard warnings
			err := row.try(heard.client(t))
			if row.refusal == nil && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if row.refusal != nil && !apierrors.IsInvalid(err) {
				t.Fatalf("got %v, want Invalid", err)
			}
			for _, words := range row.refusal {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("the refusal is %q, want %q in it", err, words)
				}
			}
			if diff := cmp.Diff(row.warnings, heard.those(row.warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// What is refused is what the status would say.
func TestTheRefusalIsTheConditionStalled(t *testing.T) {
	clean(t)
	p := policy("before", broken)
	create(t, p)
	w := installWebhook(t)
	start(t, w.options)
	w.untilItRefuses(t)
	eventually(t, says(p, "Stalled=True/InvalidRules"))
	err := admin.Create(t.Context(), policy("after", broken))
	if err == nil {
		t.Fatal("it is taken")
	}
	said := strings.SplitN(err.Error(), "denied the request: ", 2)
	for _, c := range p.Status.Conditions {
		if c.Type == v1alpha1.ConditionCompiled && c.Message != said[len(said)-1] {
			t.Errorf("refused with %q, and the condition says %q", said[len(said)-1], c.Message)
		}
	}
}

func merge(t *testing.T, c client.Client, name, patch string) error {
	t.Helper()
	return c.Patch(t.Context(), policy(name, ""), client.RawPatch("application/merge-patch+json", []byte(patch)))
}

func TestTheWebhookJudgesWhatTenantsWrite(t *testing.T) {
	withTenants(t, "shop")
	broken := auditRoute("shop", "before", "siem")
	broken.Spec.Match.CEL = "event.uidd == 0"
	create(t, broken, namespacedSink("shop", "siem", "https://in.logs.test/x"), node("n1"), policy("p", passwd)) // while there is no webhook
	w := installWebhook(t)
	start(t, letIn, w.options)
	w.untilItRefuses(t)
	eventually(t, func() error { return admin.Create(t.Context(), auditRoute("shop", "probe", "siem"), client.DryRunAll) })
	eventually(t, has("p", passwd, "n1"))
	if err := agent("n1", v1alpha1.NodeInSync); err != nil {
		t.Fatal(err)
	}

	route := func(name string, change func(*v1alpha1.AuditRouteSpec)) func(client.Client) error {
		return func(c client.Client) error {
			r := auditRoute("shop", name, "siem")
			change(&r.Spec)
			return c.Create(t.Context(), r, client.DryRunAll)
		}
	}
	sink := func(name string, change func(*v1alpha1.AuditSinkSpec)) func(client.Client) error {
		return func(c client.Client) error {
			s := namespacedSink("shop", name, "https://in.logs.test/x")
			change(&s.Spec)
			return c.Create(t.Context(), s, client.DryRunAll)
		}
	}
	judged(t, []judgement{
		{"a route that is good", route("good", func(*v1alpha1.AuditRouteSpec) {}), nil, nil},
		{
			"an expression that does not compile", route("bad", func(s *v1alpha1.AuditRouteSpec) { s.Match.CEL = "event.uidd == 0" }),
			[]string{`admission webhook "auditroutes.nodeaudit.dev" denied the request: route "bad": match.cel:`, "uidd"},
			nil,
		},
		{
			"a path that fits nothing", route("bad", func(s *v1alpha1.AuditRouteSpec) { s.Exclude = []v1alpha1.TenantMatch{{Paths: []string{"etc"}}} }),
			[]string{"exclude[0].paths", "begin it with a slash"},
			nil,
		},
		{"a sink that is not there yet", route("early", func(s *v1alpha1.AuditRouteSpec) { s.Sinks = []string{"later"} }), nil, []string{
			"it will not be Ready: there is no NamespacedAuditSink later in the namespace shop",
		}},
		{"a budget that the platform cuts", route("much", func(s *v1alpha1.AuditRouteSpec) { s.Budget = &v1alpha1.TenantBudget{Events: 5000} }), nil, []string{
			"the platform lets a route send 100 events a second",
		}},
		{"somebody labels a route that is broken already", func(c client.Client) error {
			return c.Patch(t.Context(), broken.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"team":"x"}}}`)))
		}, nil, nil},
		{"a sink that is good", sink("good", func(*v1alpha1.AuditSinkSpec) {}), nil, nil},
		{
			"an address that nobody can judge", sink("bad", func(s *v1alpha1.AuditSinkSpec) { s.Webhook.URL = "https://in.logs.test:0/" }),
			[]string{`admission webhook "namespacedauditsinks.nodeaudit.dev" denied the request: "https://in.logs.test:0/" is no address`},
			nil,
		},
		{"a destination that the platform does not list", sink("elsewhere", func(s *v1alpha1.AuditSinkSpec) { s.Webhook.URL = "https://evil.test/" }), nil, []string{
			"it will not be Ready: evil.test, port 443, is not among the destinations",
		}},
		{
			"a sink that takes its route with it",
			func(c client.Client) error {
				if err := admin.Create(t.Context(), auditRoute("shop", "uses-it", "siem")); err != nil {
					return err
				}
				eventually(t, says(auditRoute("shop", "uses-it"), "Ready=False/Progressing")) // no agent has it, but the cache
				return c.Patch(t.Context(), namespacedSink("shop", "siem", ""), client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"webhook":{"url":"https://evil.test/"}}}`)), client.DryRunAll)
			},
			nil,
			[]string{"it will not be Ready: evil.test", "AuditRoute uses-it will not be Ready any more: sink siem is not in use: evil.test"},
		},
	})
}

func TestWhoIsNotLetInIsToldSo(t *testing.T) {
	withTenants(t, "shop")
	w := installWebhook(t)
	start(t, w.options)
	w.untilItRefuses(t)
	eventually(t, func() error {
		bad := auditRoute("shop", "bad", "siem")
		bad.Spec.Match.CEL = "event.uidd == 0"
		if err := admin.Create(t.Context(), bad, client.DryRunAll); !apierrors.IsInvalid(err) {
			return fmt.Errorf("a broken route is answered with: %w", err)
		}
		return nil
	})
	judged(t, []judgement{
		{"a route", func(c client.Client) error {
			return c.Create(t.Context(), auditRoute("shop", "r", "siem"), client.DryRunAll)
		}, nil, []string{"tenants are not let in"}},
		{"a sink", func(c client.Client) error {
			return c.Create(t.Context(), namespacedSink("shop", "s", "https://in.logs.test/x"), client.DryRunAll)
		}, nil, []string{"tenants are not let in"}},
	})
}
