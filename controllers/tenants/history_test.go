package tenants

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// what a tenant of a test asks for: one route, and its one sink.
type what struct{ namespace, key, url string }

// written is a document as agents and a controller that starts anew read it.
func written(tb testing.TB, destination string, all ...what) nodeconfig.Tenants {
	tb.Helper()
	document := nodeconfig.Tenants{Destinations: []allow.Destination{{Hosts: []string{destination}}}}
	for _, w := range all {
		document.Tenants = append(document.Tenants, nodeconfig.Tenant{
			Namespace: w.namespace,
			Routes: []v1alpha1.Route{{
				Name: "tenant:" + w.namespace + "/r", Sinks: []string{"s"}, Match: v1alpha1.RouteMatch{Namespaces: []string{w.namespace}, Keys: []string{w.key}},
			}},
			Sinks: []nodeconfig.Sink{{Name: "s", Spec: v1alpha1.AuditSinkSpec{
				Type: "webhook", Webhook: &v1alpha1.WebhookSink{URL: w.url}, Queue: &v1alpha1.SinkQueue{MaxSize: new(resource.MustParse("16Mi"))},
			}}},
		})
	}
	data, err := nodeconfig.EncodeTenants(document)
	if err != nil {
		tb.Fatal(err)
	}
	document, err = nodeconfig.DecodeTenants(data)
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

var (
	shopRoute = routeName(nodeconfig.TenantKey{Namespace: "shop", Name: "r"})
	shopSink  = sinkName(nodeconfig.TenantKey{Namespace: "shop", Name: "s"})
)

// Documents are written one after the other; of the nodes, each of which works with one of them, those hold what shop asks for that are listed.
func TestANodeHoldsWhatHasNotChangedSinceItsDocument(t *testing.T) {
	first := written(t, "*", what{"shop", "a", "u"})
	bankToo := written(t, "*", what{"bank", "a", "u"}, what{"shop", "a", "u"})
	bankEdited := written(t, "*", what{"bank", "b", "v"}, what{"shop", "a", "u"})
	edited := written(t, "*", what{"bank", "b", "v"}, what{"shop", "b", "u"})
	moved := written(t, "*", what{"bank", "b", "v"}, what{"shop", "a", "v"})
	reaching := written(t, "*.test", what{"bank", "b", "v"}, what{"shop", "a", "u"})
	without := written(t, "*", what{"bank", "b", "v"})
	for _, test := range []struct {
		name         string
		written      []nodeconfig.Tenants
		routes, sink []int // the places of the documents in written
	}{
		{"the first document", []nodeconfig.Tenants{first}, []int{0}, []int{0}},
		{"others come and change: nobody waits for that", []nodeconfig.Tenants{first, bankToo, bankEdited}, []int{0, 1, 2}, []int{0, 1, 2}},
		{"the route changes: its sink is as it was", []nodeconfig.Tenants{bankToo, bankEdited, edited}, []int{2}, []int{0, 1, 2}},
		{"after that others change", []nodeconfig.Tenants{edited, bankEdited, bankToo}, []int{1, 2}, []int{0, 1, 2}},
		{"the sink changes, and with it what the route does", []nodeconfig.Tenants{bankEdited, moved}, []int{1}, []int{1}},
		{"what tenants may reach changes", []nodeconfig.Tenants{bankEdited, reaching}, []int{1}, []int{1}},
		{"it goes", []nodeconfig.Tenants{bankEdited, without}, nil, nil},
		{"it comes back: a node that never had it go may wait for nothing", []nodeconfig.Tenants{bankToo, without, bankEdited}, []int{2}, []int{2}},
		{"an edit is taken back: only nodes that had read it wait", []nodeconfig.Tenants{bankEdited, edited, bankEdited}, []int{0, 2}, []int{0, 1, 2}},
		{"the same document is written again, because somebody had deleted it", []nodeconfig.Tenants{bankEdited, bankEdited}, []int{0, 1}, []int{0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var h history
			for _, document := range test.written {
				h.add(document)
			}
			for object, want := range map[string][]int{shopRoute: test.routes, shopSink: test.sink} {
				holds := h.holds(object)
				for i, document := range test.written {
					if got := holds(document.Digest); got != slices.Contains(want, i) {
						t.Errorf("%s: a node with document %d holds it: %t", object, i, got)
					}
				}
				for _, digest := range []string{"", "0123456789abcdef0123456789abcdef"} {
					if holds(digest) {
						t.Errorf("%s: a node with the document %q, which nobody has written, holds it", object, digest)
					}
				}
			}
		})
	}
}

func TestNobodyHoldsWhatWasNeverWritten(t *testing.T) {
	var h history
	if h.holds(shopRoute)("") {
		t.Error("before anything is written a node without a document holds a route")
	}
	document := written(t, "*", what{"bank", "a", "u"})
	h.add(document)
	if h.holds(shopRoute)(document.Digest) {
		t.Error("a node holds a route that its document does not have")
	}
}

// A history does not grow without end, and who is forgotten counts as one who knows nothing.
func TestAHistoryForgetsWhatIsLongPast(t *testing.T) {
	var h history
	var digests []string
	for i := range remembered + 10 {
		document := written(t, "*", what{"bank", fmt.Sprint(i), "u"}, what{"shop", "a", "u"})
		h.add(document)
		digests = append(digests, document.Digest)
	}
	if len(h.number) != remembered || len(h.documents) != remembered {
		t.Errorf("%d digests of %d documents are remembered, want %d", len(h.number), len(h.documents), remembered)
	}
	holds := h.holds(shopRoute)
	for i, want := range map[int]bool{0: false, 9: false, 10: true, remembered + 9: true} {
		if got := holds(digests[i]); got != want {
			t.Errorf("a node with document %d holds the route: %t", i, got)
		}
	}
}
