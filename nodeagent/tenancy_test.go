package nodeagent

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
)

// asking is a document in which one namespace asks for something.
func asking(namespace string) nodeconfig.Tenants {
	return nodeconfig.Tenants{Version: nodeconfig.TenantsVersion, Tenants: []nodeconfig.Tenant{{Namespace: namespace}}}
}

// told is a TenantSource that says what it is told to say, until its context ends.
type told chan nodeconfig.Tenants

func (c told) Run(ctx context.Context, update func(nodeconfig.Tenants)) {
	for {
		select {
		case <-ctx.Done():
			return
		case tenants := <-c:
			update(tenants)
		}
	}
}

// following runs a tenancy, and returns it with its source and what it has taken into use.
func following(t *testing.T) (*tenancy, told, func() []nodeconfig.Tenants) {
	t.Helper()
	var used []nodeconfig.Tenants
	source := make(told)
	f := newTenancy(source, func(now nodeconfig.Tenants) { used = append(used, now) })
	go f.run(t.Context())
	return f, source, func() []nodeconfig.Tenants {
		synctest.Wait() // everybody is done, so that nobody else looks at it
		return used
	}
}

func TestTenantsAreTakenIntoUse(t *testing.T) {
	ask := func(namespace string) func(*tenancy, told) {
		return func(_ *tenancy, s told) { s <- asking(namespace) }
	}
	concern := func(selected bool) func(*tenancy, told) { return func(f *tenancy, _ told) { f.concern(selected) } }
	nobody := nodeconfig.Tenants{}
	for _, test := range []struct {
		name  string
		steps []func(*tenancy, told)
		want  []nodeconfig.Tenants
	}{
		{"nothing is used before anything is known", nil, nil},
		{"nothing is used while it is not known whether a policy selects the node", []func(*tenancy, told){ask("shop"), ask("bank")}, nil},
		{"nothing is thrown away while it is not known what tenants ask for", []func(*tenancy, told){concern(false), concern(true)}, nil},
		{"a selected node uses what is asked for", []func(*tenancy, told){concern(true), ask("shop")}, []nodeconfig.Tenants{asking("shop")}},
		{"the other way round", []func(*tenancy, told){ask("shop"), concern(true)}, []nodeconfig.Tenants{asking("shop")}},
		{"an edit follows", []func(*tenancy, told){concern(true), ask("shop"), ask("bank")}, []nodeconfig.Tenants{asking("shop"), asking("bank")}},
		{"a node that no policy selects has nothing of tenants", []func(*tenancy, told){concern(false), ask("shop")}, []nodeconfig.Tenants{nobody}},
		{
			"a node that is not selected any more loses it, and gets the latest when it is selected again",
			[]func(*tenancy, told){concern(true), ask("shop"), concern(false), ask("bank"), concern(true)},
			[]nodeconfig.Tenants{asking("shop"), nobody, nobody, asking("bank")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, source, used := following(t)
				for _, step := range test.steps {
					step(f, source)
					synctest.Wait()
				}
				if diff := cmp.Diff(test.want, used()); diff != "" {
					t.Errorf("taken into use (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// To end the sinks of a tenant takes seconds. Who brings news meanwhile does not wait, and of several news the last counts.
func TestNobodyWaitsWhileTenantsAreTakenIntoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used []nodeconfig.Tenants
		goOn := make(chan struct{})
		source := make(told)
		f := newTenancy(source, func(now nodeconfig.Tenants) {
			used = append(used, now)
			<-goOn
		})
		go f.run(t.Context())
		f.concern(true)
		source <- asking("shop")
		synctest.Wait()
		for range 10 {
			f.concern(false)
			f.concern(true)
			source <- asking("school")
		}
		source <- asking("bank")
		synctest.Wait()
		close(goOn)
		synctest.Wait()
		if diff := cmp.Diff([]nodeconfig.Tenants{asking("shop"), asking("bank")}, used); diff != "" {
			t.Errorf("taken into use (-want +got):\n%s", diff)
		}
	})
}

func TestFollowingTenantsEnds(t *testing.T) {
	for name, source := range map[string]TenantSource{"where no tenants are let in": nil, "with its context": make(told)} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			if source != nil {
				source = make(told) // of this bubble
			}
			ended := make(chan struct{})
			f := newTenancy(source, func(nodeconfig.Tenants) { t.Errorf("%s: something is taken into use", name) })
			go func() { f.run(ctx); close(ended) }()
			f.concern(true)
			synctest.Wait()
			select {
			case <-ended:
				if source != nil {
					t.Errorf("%s: it ended by itself", name)
				}
			default:
				if source == nil {
					t.Errorf("%s: it goes on", name)
				}
			}
			cancel()
			<-ended // or the bubble is a deadlock
		})
	}
}

// switches counts how often a report is asked for.
func switches(t *testing.T, f *tenancy) *int {
	t.Helper()
	n := 0
	go func() {
		for {
			select {
			case <-t.Context().Done():
				return
			case <-f.switched:
				n++
			}
		}
	}()
	return &n
}

func TestAReportIsAskedForWhereAnotherDocumentIsInUse(t *testing.T) {
	document := func(digest string) func(*tenancy, told) {
		return func(_ *tenancy, s told) { s <- nodeconfig.Tenants{Digest: digest} }
	}
	concern := func(selected bool) func(*tenancy, told) { return func(f *tenancy, _ told) { f.concern(selected) } }
	pause := func(d time.Duration) func(*tenancy, told) { return func(*tenancy, told) { time.Sleep(d) } }
	for _, test := range []struct {
		name  string
		steps []func(*tenancy, told)
		want  int
	}{
		{"nothing is in use", []func(*tenancy, told){document("a")}, 0},
		{"a document comes into use", []func(*tenancy, told){document("a"), concern(true)}, 1},
		{"it is there again", []func(*tenancy, told){document("a"), concern(true), pause(time.Minute), concern(true), document("a")}, 1},
		{"a node that no policy selects uses none", []func(*tenancy, told){document("a"), concern(false), pause(time.Minute), document("b")}, 0},
		{"the policy goes", []func(*tenancy, told){document("a"), concern(true), pause(time.Minute), concern(false)}, 2},
		{"edits after a quiet time", []func(*tenancy, told){concern(true), document("a"), pause(time.Minute), document("b"), pause(time.Minute), document("c")}, 3},
		{"edits one after the other: the first at once, the rest later", []func(*tenancy, told){concern(true), document("a"), document("b"), document("c"), pause(acknowledgeEvery / 2), document("d")}, 1},
		{"and then they are reported together", []func(*tenancy, told){concern(true), document("a"), document("b"), document("c"), document("d"), pause(acknowledgeEvery)}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, source, used := following(t)
				got := switches(t, f)
				for _, step := range test.steps {
					step(f, source)
					synctest.Wait()
				}
				if used(); *got != test.want {
					t.Errorf("%d reports are asked for, want %d", *got, test.want)
				}
			})
		})
	}
}

// A node that is selected reports on its policy and on tenants at once, unless that takes long.
func TestAReportWaitsAMomentForTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, takes := make(told), time.Duration(0)
		f := newTenancy(source, func(nodeconfig.Tenants) { time.Sleep(takes) })
		waits := func() time.Duration {
			began := time.Now()
			f.settle(t.Context())
			return time.Since(began)
		}
		go f.run(t.Context())
		for _, step := range []struct {
			name string
			do   func()
			want time.Duration
		}{
			{"nobody knows what tenants ask for", func() { f.concern(true) }, moment},
			{"it is known", func() { takes = moment / 4; source <- asking("shop") }, moment / 4},
			{"it is in use", func() {}, 0},
			{"a policy is edited", func() { f.concern(true) }, moment / 4},
			{"sinks take long to end", func() { takes = time.Minute; source <- asking("bank"); synctest.Wait() }, moment},
			{"and end", func() { time.Sleep(2 * time.Minute) }, 0},
		} {
			step.do()
			if got := waits(); got != step.want {
				t.Errorf("%s: a report waits %v, want %v", step.name, got, step.want)
			}
		}
	})
	newTenancy(nil, nil).settle(t.Context()) // where no tenants are let in, nobody waits: the test would take a moment
}

// documentOf is the ConfigMap of a document in which one namespace asks for something.
func documentOf(t *testing.T, namespace string) *corev1.ConfigMap {
	t.Helper()
	data, err := nodeconfig.EncodeTenants(asking(namespace))
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: nodeconfig.TenantsName}, Data: data}
}

// What a report acknowledges is what the road has switched to, and not what lies in the cluster.
func TestAReportAcknowledgesTheDocumentThatIsInUse(t *testing.T) {
	shop, bank := documentOf(t, "shop"), documentOf(t, "bank")
	edited := shop.DeepCopy()
	edited.Data[nodeconfig.TenantsKey] = strings.ReplaceAll(edited.Data[nodeconfig.TenantsKey], "shop", "spoilt")
	api := fake.NewClientset(edited)
	dir := t.TempDir()
	text, err := json.Marshal(shop.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, desired.TenantsFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	k, _, published := keep(t, desired.NewTenants(api, "ns", dir, slog.New(slog.DiscardHandler)))
	k.update(t.Context(), desired.Update{State: state(t, "-w /etc/passwd -p wa -k identity\n")})
	first := published.until(t, func(r v1alpha1.NodeAuditReport) bool { return len(r.Policies) > 0 })
	if want := shop.Data[nodeconfig.DigestKey]; first.TenantsDigest != want {
		t.Errorf("the first report acknowledges %q, want %q of the last good document", first.TenantsDigest, want)
	}

	if _, err := api.CoreV1().ConfigMaps("ns").Update(t.Context(), bank, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for k.road.TenantsDigest() != bank.Data[nodeconfig.DigestKey] {
		time.Sleep(time.Millisecond) // the test's own limit ends it
	}
	k.update(t.Context(), desired.Update{State: state(t, "-w /etc/group -p wa -k identity\n")}) // for a report that need not wait for the next due
	published.until(t, func(r v1alpha1.NodeAuditReport) bool {
		if d := r.TenantsDigest; d != shop.Data[nodeconfig.DigestKey] && d != bank.Data[nodeconfig.DigestKey] {
			t.Errorf("a report acknowledges %q", d)
		}
		return r.TenantsDigest == bank.Data[nodeconfig.DigestKey]
	})

	released := state(t, "")
	released.Config.Policies = nil
	k.update(t.Context(), desired.Update{State: released})
	if last := published.until(t, func(r v1alpha1.NodeAuditReport) bool { return len(r.Policies) == 0 }); last.TenantsDigest != "" {
		t.Errorf("a node that no policy selects acknowledges %q", last.TenantsDigest)
	}
}
