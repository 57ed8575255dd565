package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func TestDefaultsAreFilledIn(t *testing.T) {
	s := cluster(t)
	policy := try(t, s, "AuditPolicy", `spec: {}`)
	want := map[string]any{"mode": "Enforce", "priority": int64(0), "unmanagedRules": "Keep", "optimize": true, "collect": "Auto"}
	if diff := cmp.Diff(want, policy.Object["spec"]); diff != "" {
		t.Errorf("spec of a policy (-want +got):\n%s", diff)
	}
	sink := try(t, s, "AuditSink", `spec: {type: file, file: {}}`)
	wantFile := map[string]any{"path": "/var/log/nodeaudit/audit.log", "maxSize": "100Mi", "maxFiles": int64(5), "compress": true}
	if diff := cmp.Diff(wantFile, sink.Object["spec"].(map[string]any)["file"]); diff != "" {
		t.Errorf("file of a sink (-want +got):\n%s", diff)
	}
}

func TestTheAPIServerRefusesWithAMessageThatSaysWhatToDo(t *testing.T) {
	s := cluster(t)
	for _, row := range []struct{ name, kind, body, refusal string }{
		{"an unknown mode", "AuditPolicy", `spec: {mode: Panic}`, `Unsupported value: "Panic": supported values: "Enforce", "Observe"`},
		{"no spec at all", "AuditPolicy", `{}`, "spec: Required value"},
		{"a misspelt field", "AuditPolicy", `spec: {rule: "-D"}`, `unknown field "spec.rule"`},
		{"a long name", "AuditPolicy", `{metadata: {name: ` + strings.Repeat("x", 64) + `}, spec: {}}`, "choose one of at most 63 characters"},
		{"a share beyond all nodes", "AuditPolicy", `spec: {rollout: {maxUnavailable: 101%}}`, "give a number of nodes (1 or more) or a share from 1% to 100%"},
		{"no node at a time", "AuditPolicy", `spec: {rollout: {maxUnavailable: 0}}`, "give a number of nodes (1 or more) or a share from 1% to 100%"},
		{"a duration without a unit", "AuditPolicy", `spec: {rollout: {soak: "5"}}`, "spec.rollout.soak"},
		{"a duration in days", "AuditPolicy", `spec: {rollout: {soak: 2d}}`, "spec.rollout.soak"},
		{"a soak of a month", "AuditPolicy", `spec: {rollout: {soak: 720h}}`, "give a duration of at most 168h"},
		{"a backlog below nothing", "AuditPolicy", `spec: {kernel: {backlogLimit: -1}}`, "should be greater than or equal to 0"},
		{"a route without sinks", "AuditPolicy", `spec: {routes: [{name: x, sinks: []}]}`, "should have at least 1 items"},
		{"a route with nothing to do", "AuditPolicy", `spec: {routes: [{name: x}]}`, "name the sinks that get its events, or say that they are dropped"},
		{"a route that drops and sends", "AuditPolicy", `spec: {routes: [{name: x, drop: true, sinks: [a]}]}`, "a route has either sinks or drop: true"},
		{"a route that drops and goes on", "AuditPolicy", `spec: {routes: [{name: x, drop: true, continue: true}]}`, "remove continue, budget, sample and aggregate"},
		{"a route that drops a sample", "AuditPolicy", `spec: {routes: [{name: x, drop: true, sample: 1%}]}`, "remove continue, budget, sample and aggregate"},
		{"a sample that is counted", "AuditPolicy", `spec: {routes: [{name: x, sample: 1%, aggregate: {interval: 10s}, sinks: [a]}]}`, "sample and aggregate do not go together"},
		{"a sample of nothing", "AuditPolicy", `spec: {routes: [{name: x, sample: 0%, sinks: [a]}]}`, "spec.routes[0].sample"},
		{"a sample without its sign", "AuditPolicy", `spec: {routes: [{name: x, sample: "0.01", sinks: [a]}]}`, "spec.routes[0].sample"},
		{"a budget of nothing", "AuditPolicy", `spec: {routes: [{name: x, budget: {}, sinks: [a]}]}`, "spec.routes[0].budget.events"},
		{"a budget for a day", "AuditPolicy", `spec: {routes: [{name: x, budget: {events: 1, per: 24h}, sinks: [a]}]}`, "give a time from 1ms to 1h"},
		{"a budget by weather", "AuditPolicy", `spec: {routes: [{name: x, budget: {events: 1, by: Weather}, sinks: [a]}]}`, `supported values: "Route", "Key", "Pod", "Namespace"`},
		{"an aggregation without an interval", "AuditPolicy", `spec: {routes: [{name: x, aggregate: {}, sinks: [a]}]}`, "spec.routes[0].aggregate.interval: Required value"},
		{"an aggregation of a moment", "AuditPolicy", `spec: {routes: [{name: x, aggregate: {interval: 10ms}, sinks: [a]}]}`, "give a time from 1s to 1h"},
		{"an aggregation by weather", "AuditPolicy", `spec: {routes: [{name: x, aggregate: {interval: 1s, by: [Weather]}, sinks: [a]}]}`, `Unsupported value: "Weather"`},
		{"an unknown noise", "AuditPolicy", `spec: {routes: [{name: x, match: {noise: [Birds]}, drop: true}]}`, `supported values: "ContainerFirewall", "ContainerVeth"`},
		{"an unknown result", "AuditPolicy", `spec: {routes: [{name: x, match: {result: "yes"}, drop: true}]}`, `supported values: "Success", "Failure"`},
		{"a misspelt condition", "AuditPolicy", `spec: {routes: [{name: x, exclude: [{key: [a]}], sinks: [a]}]}`, `unknown field "spec.routes[0].exclude[0].key"`},
		{"two routes of one name", "AuditPolicy", `spec: {routes: [{name: x, sinks: [a]}, {name: x, sinks: [b]}]}`, "Duplicate value"},
		{"an unknown type of sink", "AuditSink", `spec: {type: pigeon}`, `supported values: "file", "stdout", "syslog"`},
		{"an unknown form of events", "AuditSink", `spec: {type: stdout, format: yaml}`, `supported values: "native", "ecs", "ocsf", "otlp", "raw", "text"`},
		{"a member of another type", "AuditSink", `spec: {type: stdout, file: {}}`, "`file` is set but `type` is not `file`: set `type: file` or remove `file`"},
		{"a file elsewhere on the node", "AuditSink", `spec: {type: file, file: {path: /etc/shadow}}`, "spec.file.path"},
		{"a file above its folder", "AuditSink", `spec: {type: file, file: {path: /var/log/nodeaudit/../x}}`, "spec.file.path"},
		{"a file that is named like a rotated one", "AuditSink", `spec: {type: file, file: {path: /var/log/nodeaudit/audit.log.1}}`, "path ends like a rotated file"},
		{"a tiny file", "AuditSink", `spec: {type: file, file: {maxSize: 1Ki}}`, "maxSize must be between 64Ki and 64Gi"},
		{"a type without its member", "AuditSink", `spec: {type: splunk}`, "`type` is `splunk` but there is no `splunk`: say in it where to send"},
		{"a queue for a file", "AuditSink", `spec: {type: file, queue: {type: Memory}}`, "queue, retry, timeout and podLabels are for destinations elsewhere"},
		{"a token in the open", "AuditSink", `spec: {type: splunk, splunk: {url: "https://s:8088", token: abc}}`, `unknown field "spec.splunk.token"`},
		{"a token by no name", "AuditSink", `spec: {type: splunk, splunk: {url: "https://s:8088"}}`, "spec.splunk.tokenSecretRef: Required value"},
		{"a password in an url", "AuditSink", `spec: {type: webhook, webhook: {url: "https://me:pass@s/x"}}`, "holds no user name: log in with auth"},
		{"an address without a port", "AuditSink", `spec: {type: syslog, syslog: {address: syslog.example.com}}`, "address is host:port, for example syslog.example.com:6514"},
		{"TLS that is not used", "AuditSink", `spec: {type: syslog, syslog: {address: "s:514", tls: {}}}`, "set `protocol: TLS` or remove `tls`"},
		{"two authorities", "AuditSink", `spec: {type: syslog, syslog: {address: "s:514", protocol: TLS, tls: {ca: x, caSecretRef: {name: a, key: b}}}}`, "give `ca` or `caSecretRef`, not both"},
		{"a secret elsewhere", "AuditSink", `spec: {type: splunk, splunk: {url: "https://s:8088", tokenSecretRef: {name: ../x, key: y}}}`, "spec.splunk.tokenSecretRef.name"},
		{"a secret's key that is a path", "AuditSink", `spec: {type: splunk, splunk: {url: "https://s:8088", tokenSecretRef: {name: x, key: ../y}}}`, "spec.splunk.tokenSecretRef.key"},
		{"two ways to log in", "AuditSink", `spec: {type: loki, loki: {url: "https://l", auth: {basic: {username: a, passwordSecretRef: {name: a, key: b}}, bearerTokenSecretRef: {name: a, key: b}}}}`, "give `basic` or `bearerTokenSecretRef`, not both"},
		{"a header that is twice", "AuditSink", `spec: {type: otlp, otlp: {endpoint: "https://o", headers: [{name: a, value: b, valueSecretRef: {name: a, key: b}}]}}`, "a header has either `value` or `valueSecretRef`"},
		{"a webhook to nowhere", "AuditSink", `spec: {type: webhook, webhook: {}}`, "give `url` or `urlSecretRef`"},
		{"a template that is not used", "AuditSink", `spec: {type: webhook, webhook: {url: "https://h", template: x}}`, "`template` goes with `body: Template`"},
		{"a broker without a port", "AuditSink", `spec: {type: kafka, kafka: {brokers: [k], topic: t}}`, "spec.kafka.brokers[0]"},
		{"a way to log in that there is not", "AuditSink", `spec: {type: kafka, kafka: {brokers: ["k:1"], topic: t, sasl: {mechanism: GSSAPI, username: a, passwordSecretRef: {name: a, key: b}}}}`, `supported values: "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"`},
		{"a bucket nowhere", "AuditSink", `spec: {type: s3, s3: {bucket: audit}}`, "give the bucket's `region`, or the `endpoint`"},
		{"objects larger than memory", "AuditSink", `spec: {type: s3, s3: {bucket: audit, region: r, batch: {maxSize: 1Gi}}}`, "batch.maxSize must be between 64Ki and 32Mi"},
		{"objects that are never put", "AuditSink", `spec: {type: s3, s3: {bucket: audit, region: r, batch: {maxAge: 24h}}}`, "batch.maxAge must be between 1s and 1h"},
		{"a key that is not used", "AuditSink", `spec: {type: s3, s3: {bucket: audit, region: r, encryption: {type: S3, kmsKeyID: x}}}`, "`kmsKeyID` goes with `type: KMS`"},
		{"half a login", "AuditSink", `spec: {type: cloudwatch, cloudwatch: {logGroup: g, region: r, auth: {accessKeyIDSecretRef: {name: a, key: b}}}}`, "spec.cloudwatch.auth.secretAccessKeySecretRef: Required value"},
		{"a project by no name", "AuditSink", `spec: {type: googleCloud, googleCloud: {}}`, "spec.googleCloud.project: Required value"},
		{"a label that is none", "AuditSink", `spec: {type: alertmanager, alertmanager: {urls: ["http://a:9093"], labels: {"app.kubernetes.io/name": x}}}`, "names of labels are letters, digits and _"},
		{"an alert that never ends", "AuditSink", `spec: {type: alertmanager, alertmanager: {urls: ["http://a:9093"], resolveAfter: 1000h}}`, "resolveAfter must be between 10s and 168h"},
		{"a tiny queue", "AuditSink", `spec: {type: loki, loki: {url: "https://l"}, queue: {maxSize: 1Ki}}`, "queue.maxSize must be between 4Mi and 64Gi"},
		{"a timeout of nothing", "AuditSink", `spec: {type: loki, loki: {url: "https://l"}, timeout: 0s}`, "timeout must be between 1s and 5m"},
		{"a file of a strange size", "AuditSink", `spec: {type: file, file: {maxSize: 1e99999}}`, "spec.file.maxSize"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := s.admin.Create(t.Context(), object(t, row.kind, row.body), client.DryRunAll, &client.CreateOptions{FieldValidation: "Strict"})
			if err == nil || !strings.Contains(err.Error(), row.refusal) {
				t.Errorf("got %v, want %q in it", err, row.refusal)
			}
		})
	}
}

// One object that does not decode stops an informer for all of them, and any node may write a report. So whatever the API server takes must
// decode. Each value is tried in every place of its kind; whether it is refused is not asked here.
func TestWhatTheAPIServerTakesCanBeDecoded(t *testing.T) {
	s := cluster(t)
	agent := s.agent(t, "liar")
	times := []string{
		"2026-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z",
		"0000-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "",
	}
	numbers := []string{"1", "-1", "1.0", "1e2", "2147483648", "99999999999", "9223372036854775808", "1e30"}
	durations := []string{"0s", "1h30m", "2d", "5", "-1s", "1.5h", "9999999999999999999h", "1e3s", ""}
	sizes := []string{"1Gi", "1.5Gi", "1e9", "1e999999999", "0x10", "1GiB", ""}
	taken := 0
	for _, row := range []struct {
		kind, body string // %s is where the value goes
		values     []string
	}{
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "%s"}`, times},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", inSyncSince: "%s"}`, times},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", drift: {count: 1, lastTime: "%s"}}`, times},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", drift: {count: %s}}`, numbers},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", rules: {wanted: %s, loaded: 1, unmanaged: 1}}`, numbers},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", policies: [{name: x, state: InSync, generation: %s}]}`, numbers},
		{"AuditPolicy", `spec: {rollout: {soak: "%s"}}`, durations},
		{"AuditPolicy", `spec: {routes: [{name: x, budget: {events: 1, per: "%s"}, sinks: [a]}]}`, durations},
		{"AuditPolicy", `spec: {routes: [{name: x, aggregate: {interval: "%s"}, sinks: [a]}]}`, durations},
		{"AuditPolicy", `spec: {routes: [{name: x, budget: {events: %s, burst: %[1]s}, sinks: [a]}]}`, numbers},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", events: {received: 1, routes: [{name: x, matched: %s}]}}`, numbers},
		{"AuditPolicy", `spec: {rollout: {maxUnavailable: %s}}`, numbers},
		{"AuditPolicy", `spec: {priority: %s}`, numbers},
		{"AuditPolicy", `spec: {kernel: {backlogLimit: %s, rateLimit: %[1]s}}`, numbers},
		{"AuditSink", `spec: {type: file, file: {maxSize: "%s"}}`, sizes},
		{"AuditSink", `spec: {type: file, file: {maxSize: %s}}`, numbers},
		{"AuditSink", `spec: {type: file, file: {maxFiles: %s}}`, numbers},
		{"AuditSink", `spec: {type: journald, queue: {maxSize: "%s"}, retry: {firstPause: 1s}}`, sizes},
		{"AuditSink", `spec: {type: journald, timeout: "%s"}`, durations},
		{"AuditSink", `spec: {type: s3, s3: {bucket: abc, region: r, batch: {maxSize: "%s", maxAge: 1s}}}`, sizes},
		{"AuditSink", `spec: {type: s3, s3: {bucket: abc, region: r, batch: {maxAge: "%s"}}}`, durations},
		{"AuditSink", `spec: {type: alertmanager, alertmanager: {urls: ["http://a:9093"], resolveAfter: "%s"}}`, durations},
		{"AuditSink", `spec: {type: journald, retry: {firstPause: "%s", longestPause: "%[1]s"}}`, durations},
		{"AuditSink", `spec: {type: syslog, syslog: {address: "s:514", facility: %s}}`, numbers},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", sinks: [{name: x, written: 1, dropped: 1, lastSuccessTime: "%s"}]}`, times},
		{"NodeAuditStatus", `status: {state: InSync, heartbeatTime: "2026-01-01T00:00:00Z", sinks: [{name: x, written: %s, dropped: 1, queued: %[1]s, queuedBytes: %[1]s}]}`, numbers},
	} {
		for _, value := range row.values {
			writer, o := s.admin, object(t, row.kind, fmt.Sprintf(row.body, value))
			if row.kind == "NodeAuditStatus" {
				writer = agent
				o.SetName("liar")
			}
			if err := writer.Create(t.Context(), o, client.DryRunAll); err != nil {
				continue
			}
			taken++
			decode(t, o)
		}
	}
	if taken < 20 {
		t.Errorf("only %d values were taken: the test no longer tries what it should", taken)
	}
}

func decode(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	text, err := json.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := scheme.New(v1alpha1.GroupVersion.WithKind(o.GetKind()))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, typed); err != nil {
		t.Errorf("the API server takes %s\nbut: %v", text, err)
	}
}

func TestTheSamplesAreTaken(t *testing.T) {
	s := cluster(t)
	files, err := filepath.Glob(filepath.Join(root, "config", "samples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	files = append(files, filepath.Join(root, "config", "samples", "tenants", "namespace.yaml"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range parse(t, string(text)) {
			if err := s.admin.Create(t.Context(), o, client.DryRunAll, &client.CreateOptions{FieldValidation: "Strict"}); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// What docs/routes.md shows is applied as it stands.
func TestTheRoutesOfThePageAreTaken(t *testing.T) {
	s := cluster(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "routes.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) < 4 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		for _, o := range parse(t, example) {
			if err := s.admin.Create(t.Context(), o, client.DryRunAll, &client.CreateOptions{FieldValidation: "Strict"}); err != nil {
				t.Errorf("%s: %v", example, err)
			}
		}
	}
}

// What people look at first: the columns of `kubectl get`, by short names.
func TestKubectlShowsWhatAPersonWants(t *testing.T) {
	s := cluster(t)
	if err := s.admin.Create(t.Context(), object(t, "AuditPolicy", `{metadata: {name: shown}, spec: {mode: Observe}}`)); err != nil {
		t.Fatal(err)
	}
	if err := s.admin.Create(t.Context(), object(t, "AuditSink", `{metadata: {name: shown}, spec: {type: stdout}}`)); err != nil {
		t.Fatal(err)
	}
	for kind, body := range map[string]string{
		"AuditRoute":          `{metadata: {name: shown, namespace: default}, spec: {sinks: [siem, copy]}}`,
		"NamespacedAuditSink": `{metadata: {name: shown, namespace: default}, spec: {type: loki, loki: {url: "https://loki.test"}}}`,
	} {
		if err := s.admin.Create(t.Context(), object(t, kind, body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := report(t, s.agent(t, "shown"), "shown", ""); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ short, header, cells string }{
		{"ap", "NAME MODE IN SYNC SELECTED LOCKED READY AGE", "shown Observe"},
		{"as", "NAME TYPE NODES HEALTHY BACKLOG DROPPED LAST SUCCESS READY AGE", "shown stdout"},
		{"ar", "NAME SINKS READY REASON AGE", `shown ["siem","copy"]`},
		{"nsas", "NAME TYPE NODES HEALTHY BACKLOG DROPPED LAST SUCCESS READY AGE", "shown loki"},
		{"nas", "NAME STATE RULES WANTED AUDIT NEXT BOOT LOST DRIFT HEARTBEAT AGE", "shown InSync"},
		{"nas -o wide", "NAME STATE RULES WANTED AUDIT NEXT BOOT LOST DRIFT HEARTBEAT WHO MESSAGE AGE", "shown InSync"},
		{"nodeaudit", "NAME MODE IN SYNC SELECTED LOCKED READY AGE", "auditpolicy.nodeaudit.dev/shown Observe"},
	} {
		out, err := s.run(t.Context(), "kubectl", append([]string{"get"}, strings.Fields(row.short)...)...)
		if err != nil {
			t.Fatal(err)
		}
		if out = strings.Join(strings.Fields(out), " "); !strings.HasPrefix(out, row.header) || !strings.Contains(out, row.cells) {
			t.Errorf("kubectl get %s: %s", row.short, out)
		}
	}
}

// try creates an object without effect and returns what the API server made of it.
func try(t *testing.T, s *server, kind, body string) *unstructured.Unstructured {
	t.Helper()
	o := object(t, kind, body)
	if err := s.admin.Create(t.Context(), o, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	return o
}

// object makes an object of nodeaudit with some name, unless the body has one.
func object(t *testing.T, kind, body string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(body), &o.Object); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	if o.GetName() == "" {
		o.SetName("tried")
	}
	return o
}
