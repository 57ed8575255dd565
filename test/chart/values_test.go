package chart

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"
)

func TestValuesThatAreWrongAreRefused(t *testing.T) {
	for _, row := range []struct{ name, flag, words string }{
		{"a misspelt value", "agent.privilegd=true", "privilegd"},
		{"a misspelt section", "controler.replicas=2", "controler"},
		{"a word for a number", "controller.replicas=two", "controller/replicas"},
		{"an unknown level", "log.level=loud", "log/level"},
		{"a duration without a unit", "agent.interval=30", "agent/interval"},
		{"all capabilities at once", "agent.extraCapabilities={ALL}", "agent/extraCapabilities/0"},
		{"a capability with its prefix in lower case", "agent.extraCapabilities={cap_sys_admin}", "agent/extraCapabilities/0"},
		{"a tag with a digest", "image.tag=dev@sha256:0", "image/tag"},
		{"a port that is none", "agent.metrics.port=70000", "agent/metrics/port"},
		{"a failure policy that is none", "webhook.failurePolicy=Perhaps", "webhook/failurePolicy"},
		{"a webhook that waits for longer than Kubernetes lets it", "webhook.timeoutSeconds=31", "webhook/timeoutSeconds"},
		{"a webhook on the port of the metrics", "webhook.port=8080", "webhook/port"},
		{"a destination of tenants without ports", "tenants.destinations[0].hosts={a.test}", "tenants/destinations/0"},
		{"a destination of tenants that is nothing", "tenants.destinations[0].ports={443}", "tenants/destinations/0"},
		{"a queue of tenants without a unit", "tenants.limits.queueBytesPerNamespace=64", "tenants/limits/queueBytesPerNamespace"},
		{"an unknown seccomp profile", "agent.seccompProfile.type=None", "agent/seccompProfile/type"},
	} {
		for _, helm := range []string{"helm", "helm3"} {
			t.Run(row.name+", "+helm, func(t *testing.T) {
				_, err := run(t.Context(), nil, helm, "template", release, chart, "--set", row.flag)
				if err == nil {
					t.Fatal("it is taken")
				}
				if got := strings.NewReplacer(".", "/").Replace(err.Error()); !strings.Contains(got, row.words) {
					t.Errorf("the refusal does not say %q: %v", row.words, err)
				}
			})
		}
	}
}

func TestBothHelmsLintAndRenderAlike(t *testing.T) {
	for _, helm := range []string{"helm", "helm3"} {
		if out, err := run(t.Context(), nil, helm, "lint", "--strict", chart); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	compare(t, renderWith(t, "helm3"), renderWith(t, "helm"))
}

func TestValuesReachTheManifests(t *testing.T) {
	for _, row := range []struct {
		name  string
		flags []string
		check func(t *testing.T, flags []string)
	}{
		{"images from another registry", []string{"--set=image.registry=registry.example.org:5000/audit", "--set=image.tag=v1.2.3"}, func(t *testing.T, flags []string) {
			for program, pod := range pods(t, render(t, flags...)) {
				want := "registry.example.org:5000/audit/" + map[string]string{"agent": "nodeagent"}[program] + ":v1.2.3"
				if program != "agent" {
					want = "registry.example.org:5000/audit/controller:v1.2.3"
				}
				if got := pod.Containers[0].Image; got != want {
					t.Errorf("%s: image %s, want %s", program, got, want)
				}
			}
		}},
		{"a digest comes before the tag", []string{"--set=agent.image.digest=sha256:" + strings.Repeat("0", 64)}, func(t *testing.T, flags []string) {
			if got := pods(t, render(t, flags...))["agent"].Containers[0].Image; got != "localhost/nodeaudit/nodeagent@sha256:"+strings.Repeat("0", 64) {
				t.Errorf("image %s", got)
			}
		}},
		{"two controllers get a budget", []string{"--set=controller.replicas=2"}, func(t *testing.T, flags []string) {
			all := render(t, flags...)
			if budget := find[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget", "nodeaudit-controller"); budget.Spec.MinAvailable.IntValue() != 1 {
				t.Errorf("minAvailable %v, want 1", budget.Spec.MinAvailable)
			}
			if has(render(t), "PodDisruptionBudget", "nodeaudit-controller") {
				t.Error("one controller has a budget too: its node could not be drained")
			}
		}},
		{"exposed metrics listen everywhere", []string{"--set=agent.metrics.expose=true", "--set=agent.metrics.port=9999"}, func(t *testing.T, flags []string) {
			container := pods(t, render(t, flags...))["agent"].Containers[0]
			if args := strings.Join(container.Args, " "); !strings.Contains(args, "--metrics-address=:9999 ") {
				t.Errorf("arguments %s", args)
			}
			if container.LivenessProbe.HTTPGet.Host != "127.0.0.1" {
				t.Error("the probe leaves the node")
			}
		}},
		{"metrics are the node's own by default", nil, func(t *testing.T, flags []string) {
			if args := strings.Join(pods(t, render(t, flags...))["agent"].Containers[0].Args, " "); !strings.Contains(args, "--metrics-address=127.0.0.1:9464 ") {
				t.Errorf("arguments %s", args)
			}
		}},
		{"pod monitors, of the agents only where they can be reached", []string{"--set=podMonitor.enabled=true"}, func(t *testing.T, flags []string) {
			all := render(t, flags...)
			if !has(all, "PodMonitor", "nodeaudit-controller") || has(all, "PodMonitor", "nodeaudit-agent") {
				t.Error("want a monitor of the controller only")
			}
			if !has(render(t, append(flags, "--set=agent.metrics.expose=true")...), "PodMonitor", "nodeaudit-agent") {
				t.Error("want a monitor of the agents")
			}
		}},
		{"a network policy", []string{"--set=networkPolicy.enabled=true"}, func(t *testing.T, flags []string) {
			if !has(render(t, flags...), "NetworkPolicy", "nodeaudit-controller") {
				t.Error("none is rendered")
			}
		}},
		{"no CRDs", []string{"--set=crds.install=false"}, func(t *testing.T, flags []string) {
			if has(render(t, flags...), "CustomResourceDefinition", "auditpolicies.nodeaudit.dev") {
				t.Error("they are rendered")
			}
		}},
		{"no release of the nodes, no account for it", []string{"--set=uninstall.release=false"}, func(t *testing.T, flags []string) {
			all := render(t, flags...)
			if has(all, "Job", "nodeaudit-uninstall") || has(all, "ServiceAccount", "nodeaudit-uninstall") || has(all, "Role", "nodeaudit-uninstall") {
				t.Error("something of it is rendered")
			}
		}},
		{"further flags come last", []string{"--set=agent.extraArgs={--interval=1s}"}, func(t *testing.T, flags []string) {
			args := pods(t, render(t, flags...))["agent"].Containers[0].Args
			if args[len(args)-1] != "--interval=1s" {
				t.Errorf("arguments %v", args)
			}
		}},
		{"every taint is tolerated", nil, func(t *testing.T, flags []string) {
			set := find[appsv1.DaemonSet](t, render(t, flags...), "DaemonSet", "nodeaudit-agent")
			tolerations := set.Spec.Template.Spec.Tolerations
			if len(tolerations) != 1 || tolerations[0].Operator != "Exists" || tolerations[0].Key != "" || tolerations[0].Effect != "" {
				t.Errorf("tolerations %v", tolerations)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) { row.check(t, row.flags) })
	}
}

func TestValuesThatTheProgramsWouldRefuseAreRefusedByTheChart(t *testing.T) {
	for name, flag := range map[string]string{
		"a heartbeat slower than a report may be old": "agent.heartbeat=2m",
		"an interval below a second":                  "agent.interval=100ms",
		"reports that are too old before the next":    "controller.staleAfter=30s",
		"a value that the chart does not have":        "agent.intervall=30s",
		"a level that nobody knows":                   "log.level=loud",
	} {
		for _, helm := range []string{"helm", "helm3"} {
			if _, err := run(t.Context(), nil, helm, "template", release, chart, "--set", flag); err == nil {
				t.Errorf("%s: %s takes %s", name, helm, flag)
			}
		}
	}
}
