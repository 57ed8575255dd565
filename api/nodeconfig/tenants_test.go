package nodeconfig_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// tenants has one of everything.
func tenants() nodeconfig.Tenants {
	return nodeconfig.Tenants{
		Version:      nodeconfig.TenantsVersion,
		Destinations: []allow.Destination{{Hosts: []string{"*.logs.test"}, CIDRs: []string{"10.0.0.0/8"}, Ports: []int32{443}}},
		Tenants: []nodeconfig.Tenant{{
			Namespace: "shop",
			Routes: []v1alpha1.Route{{
				Name: nodeconfig.TenantRoutePrefix + "shop/exec", Continue: true, Sinks: []string{"siem"},
				Match:   v1alpha1.RouteMatch{Namespaces: []string{"shop"}, CEL: `event.uid == 0`, PodLabels: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}},
				Exclude: []v1alpha1.RouteMatch{{Paths: []string{"/tmp/**"}}},
				Budget:  &v1alpha1.Budget{Events: 5, Per: metav1.Duration{Duration: time.Minute}, By: v1alpha1.BudgetByRoute},
			}},
			Sinks: []nodeconfig.Sink{{Name: "siem", Spec: v1alpha1.AuditSinkSpec{
				Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: "https://in.logs.test/<x>&y"}, Queue: &v1alpha1.SinkQueue{MaxSize: new(resource.MustParse("16Mi"))},
			}}},
		}},
	}
}

// signed is a document as its digest says, as whoever may write the ConfigMap can make it.
func signed(document string) map[string]string {
	sum := sha256.Sum256([]byte(document))
	return map[string]string{nodeconfig.TenantsKey: document, nodeconfig.DigestKey: hex.EncodeToString(sum[:])[:32]}
}

var sameQuantity = cmp.Comparer(func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 })

func TestWhatTenantsAskForArrives(t *testing.T) {
	for name, want := range map[string]nodeconfig.Tenants{"one of everything": tenants(), "nobody": {Version: nodeconfig.TenantsVersion}} {
		data, err := nodeconfig.EncodeTenants(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := nodeconfig.DecodeTenants(data)
		want.Digest = data[nodeconfig.DigestKey]
		if diff := cmp.Diff(want, got, sameQuantity); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		again, err := nodeconfig.EncodeTenants(got)
		if diff := cmp.Diff(data, again); diff != "" || err != nil {
			t.Errorf("%s: each look would write another document: %v (-first +second):\n%s", name, err, diff)
		}
	}
}

// A digest of a version that is not said says nothing: it is the document that has to have one.
func TestEncodingSetsTheVersion(t *testing.T) {
	data, err := nodeconfig.EncodeTenants(nodeconfig.Tenants{Version: 99})
	if err != nil || !strings.Contains(data[nodeconfig.TenantsKey], `"version":1`) {
		t.Errorf("%v, %v", data, err)
	}
}

func TestADocumentOfTenantsIsRefused(t *testing.T) {
	good, err := nodeconfig.EncodeTenants(tenants())
	if err != nil {
		t.Fatal(err)
	}
	with := func(key, value string) map[string]string {
		data := maps.Clone(good)
		data[key] = value
		return data
	}
	document := good[nodeconfig.TenantsKey]
	for name, test := range map[string]struct {
		data map[string]string
		is   error
		says string
	}{
		"no data":                          {nil, nodeconfig.ErrDigest, "tenants.json"},
		"no document":                      {map[string]string{nodeconfig.DigestKey: good[nodeconfig.DigestKey]}, nodeconfig.ErrDigest, "tenants.json"},
		"no digest":                        {map[string]string{nodeconfig.TenantsKey: document}, nodeconfig.ErrDigest, "tenants.json"},
		"a namespace that somebody edited": {with(nodeconfig.TenantsKey, strings.Replace(document, `"shop"`, `"bank"`, 1)), nodeconfig.ErrDigest, "tenants.json"},
		"a document that is cut":           {with(nodeconfig.TenantsKey, document[:len(document)/2]), nodeconfig.ErrDigest, "tenants.json"},
		"a space more":                     {with(nodeconfig.TenantsKey, document+" "), nodeconfig.ErrDigest, "tenants.json"},
		"the digest of another document":   {with(nodeconfig.DigestKey, signed("{}")[nodeconfig.DigestKey]), nodeconfig.ErrDigest, "tenants.json"},
		"a digest in capitals":             {with(nodeconfig.DigestKey, strings.ToUpper(good[nodeconfig.DigestKey])), nodeconfig.ErrDigest, "tenants.json"},
		"the document under another key":   {map[string]string{nodeconfig.ConfigKey: document, nodeconfig.DigestKey: good[nodeconfig.DigestKey]}, nodeconfig.ErrDigest, "tenants.json"},
		"a later version":                  {signed(`{"version":2}`), nodeconfig.ErrVersion, "version 2, known up to 1"},
		"no version":                       {signed(`{}`), nil, "no version"},
		"a version before the first":       {signed(`{"version":-1}`), nil, "no version"},
		"nothing":                          {signed(`null`), nil, "no version"},
		"no JSON":                          {signed(`version: 1`), nil, "tenants.json: "},
		"JSON that is no object":           {signed(`[]`), nil, "tenants.json: "},
		"two documents":                    {signed(document + document), nil, "tenants.json: "},
		"a value of another type":          {signed(`{"version":1,"tenants":"shop"}`), nil, "tenants.json: "},
		"a number that is too large":       {signed(`{"version":1,"destinations":[{"ports":[4294967296]}]}`), nil, "tenants.json: "},
		"a size that is none":              {signed(`{"version":1,"tenants":[{"namespace":"a","sinks":[{"name":"s","spec":{"queue":{"maxSize":"much"}}}]}]}`), nil, "tenants.json: "},
		"a depth that would end the agent": {signed(`{"version":1,"tenants":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + `}`), nil, "tenants.json: "},
		"the tenants twice, of which the second would get the routes of the first": {
			signed(`{"version":1,"tenants":[{"namespace":"bank","routes":[{"name":"tenant:bank/all"}]}],"tenants":[{"namespace":"shop"}]}`), nil, `duplicate field "tenants"`,
		},
		"a namespace twice": {signed(`{"version":1,"tenants":[{"namespace":"shop","namespace":"bank"}]}`), nil, `duplicate field "tenants[0].namespace"`},
	} {
		got, err := nodeconfig.DecodeTenants(test.data)
		if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want … %s", name, err, test.says)
		}
		if diff := cmp.Diff(nodeconfig.Tenants{}, got); diff != "" {
			t.Errorf("%s: a part of it is used:\n%s", name, diff)
		}
	}
}

// An agent that is older than the controller takes what it knows of a document of its version.
func TestFieldsThatAreNotKnownAreLeftOut(t *testing.T) {
	data := signed(`{"version":1,"later":{"x":1},"tenants":[{"namespace":"shop","Namespace":"bank","later":[1]}]}`)
	got, err := nodeconfig.DecodeTenants(data)
	want := nodeconfig.Tenants{Digest: data[nodeconfig.DigestKey], Version: 1, Tenants: []nodeconfig.Tenant{{Namespace: "shop"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestATenantsKeyIsItsNamespaceAndName(t *testing.T) {
	if got := (nodeconfig.TenantKey{Namespace: "shop", Name: "siem"}).String(); got != "shop/siem" {
		t.Error(got)
	}
}

// Whatever document is taken, the controller writes it back to the same effect.
func FuzzDecodeTenants(f *testing.F) {
	data, err := nodeconfig.EncodeTenants(tenants())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[nodeconfig.TenantsKey])
	f.Add(`{"version":1,"tenants":[{"namespace":"a","sinks":[{"name":"s","spec":{"queue":{"maxSize":"1e3"},"timeout":"1h2m"}}]}]}`)
	f.Add(`{"version":1,"tenants":[{"namespace":"a","namespace":"b"}]}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, document string) {
		if _, err := nodeconfig.DecodeTenants(map[string]string{nodeconfig.TenantsKey: document, nodeconfig.DigestKey: "0123456789abcdef0123456789abcdef"}); !errors.Is(err, nodeconfig.ErrDigest) {
			t.Errorf("the digest does not count: %v", err)
		}
		first, err := nodeconfig.DecodeTenants(signed(document))
		if err != nil {
			return
		}
		if first.Version != nodeconfig.TenantsVersion {
			t.Errorf("version %d is taken", first.Version)
		}
		once, err := nodeconfig.EncodeTenants(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := nodeconfig.DecodeTenants(once)
		if err != nil {
			t.Fatalf("what is written cannot be read: %v\n%s", err, once[nodeconfig.TenantsKey])
		}
		twice, err := nodeconfig.EncodeTenants(second)
		if diff := cmp.Diff(once, twice); diff != "" || err != nil {
			t.Errorf("%v (-once +twice):\n%s", err, diff)
		}
	})
}
