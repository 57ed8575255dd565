package nodeagent

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
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
	f, source := newTenancy(func(now nodeconfig.Tenants) { used = append(used, now) }), make(told)
	go f.run(t.Context(), source)
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
		f := newTenancy(func(now nodeconfig.Tenants) {
			used = append(used, now)
			<-goOn
		})
		source := make(told)
		go f.run(t.Context(), source)
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
			f := newTenancy(func(nodeconfig.Tenants) { t.Errorf("%s: something is taken into use", name) })
			go func() { f.run(ctx, source); close(ended) }()
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
