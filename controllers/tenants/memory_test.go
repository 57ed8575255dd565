package tenants

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// kept is what is in the ConfigMap when the document is written.
func (h *history) kept(tb testing.TB, document nodeconfig.Tenants) map[string]string {
	tb.Helper()
	h.add(document)
	data, err := nodeconfig.EncodeTenants(document)
	if err != nil {
		tb.Fatal(err)
	}
	data[nodeconfig.HistoryKey] = h.encode()
	return data
}

// A controller that starts anew judges each node as the one before would have.
func TestAControllerThatStartsAnewRemembers(t *testing.T) {
	first := written(t, "*", what{"shop", "a", "u"})
	bankToo := written(t, "*", what{"bank", "a", "u"}, what{"shop", "a", "u"})
	edited := written(t, "*", what{"bank", "a", "u"}, what{"shop", "b", "u"})
	bankEdited := written(t, "*", what{"bank", "b", "u"}, what{"shop", "b", "u"})
	for name, documents := range map[string][]nodeconfig.Tenants{
		"one document":                           {first},
		"others change":                          {first, bankToo},
		"it changes":                             {first, bankToo, edited},
		"others change after that":               {first, bankToo, edited, bankEdited},
		"an edit is taken back, and others come": {bankToo, edited, bankToo, edited, bankEdited},
	} {
		t.Run(name, func(t *testing.T) {
			var never, each history // one is never started anew, the other before each document
			for _, document := range documents {
				data := never.kept(t, document)
				var next history
				next.recall(each.kept(t, document))
				each = next
				if data[nodeconfig.HistoryKey] != each.encode() {
					t.Errorf("after a restart the history is %s, want %s", each.encode(), data[nodeconfig.HistoryKey])
				}
			}
			for _, object := range []string{shopRoute, shopSink, routeName(nodeconfig.TenantKey{Namespace: "bank", Name: "r"})} {
				for i, document := range documents {
					if got, want := each.holds(object)(document.Digest), never.holds(object)(document.Digest); got != want {
						t.Errorf("a node with document %d holds %s: %t, want %t", i, object, got, want)
					}
				}
			}
		})
	}
}

func TestWhatCannotBeRememberedIsNotInForce(t *testing.T) {
	before, now := written(t, "*", what{"shop", "a", "u"}), written(t, "*", what{"bank", "a", "u"}, what{"shop", "a", "u"})
	var h history
	h.add(before)
	good := h.kept(t, now)
	with := func(key, value string) map[string]string {
		data := maps.Clone(good)
		data[key] = value
		return data
	}
	for name, test := range map[string]struct {
		there       map[string]string
		before, now bool
	}{
		"all is there":                       {good, true, true},
		"a version that wrote no history":    {with(nodeconfig.HistoryKey, ""), false, true},
		"a history that somebody has spoilt": {with(nodeconfig.HistoryKey, "{"), false, true},
		"an empty history":                   {with(nodeconfig.HistoryKey, `{"documents":[]}`), false, true},
		"the history of another document":    {with(nodeconfig.HistoryKey, `{"documents":["`+before.Digest+`","0123"]}`), false, true},
		"a document that somebody edited":    {with(nodeconfig.TenantsKey, "{}"), false, false},
		"nothing":                            {nil, false, false},
	} {
		var anew history
		anew.recall(test.there)
		holds := anew.holds(shopRoute)
		if holds(before.Digest) != test.before || holds(now.Digest) != test.now {
			t.Errorf("%s: nodes hold the route with the document before: %t, want %t; with this one: %t, want %t", name, holds(before.Digest), test.before, holds(now.Digest), test.now)
		}
		anew.add(now)
		anew.recall(good) // a cache that is late says nothing new
		if anew.holds(shopRoute)(before.Digest) != test.before || !anew.holds(shopRoute)(now.Digest) {
			t.Errorf("%s: after the document is written it is another", name)
		}
	}
}

// There is room for it beside the largest document, though then only for the latest.
func TestAMemoryIsSmall(t *testing.T) {
	var h history
	for i := range 20 {
		var all []what
		for n := range 600 {
			all = append(all, what{fmt.Sprintf("%s-%d", strings.Repeat("n", 50), n), fmt.Sprint(i), "u"})
		}
		document := written(t, "*", all...)
		data := h.kept(t, document)
		text := data[nodeconfig.HistoryKey]
		if len(text) > mostMemory || !strings.Contains(text, document.Digest) {
			t.Fatalf("after %d edits of all routes %d bytes: %.200s", i, len(text), text)
		}
		var anew history
		anew.recall(data)
		if name := routeName(nodeconfig.TenantKey{Namespace: all[0].namespace, Name: "r"}); !anew.holds(name)(document.Digest) {
			t.Error("what is in the document is not in force")
		}
	}
}

// Whatever is found in the ConfigMap, a node that works with none of its documents has nothing in force, and one with the document that is there has all.
func FuzzRecall(f *testing.F) {
	var h history
	h.add(written(f, "*", what{"shop", "a", "u"}))
	document := written(f, "*", what{"shop", "b", "u"})
	good := h.kept(f, document)
	f.Add(good[nodeconfig.HistoryKey])
	f.Add(`{"documents":["` + document.Digest + `"],"since":{"tenant:shop/r":-1}}`)
	f.Add(`{"documents":["x","` + document.Digest + `"],"since":{"tenant:shop/r":3}}`)
	f.Fuzz(func(t *testing.T, text string) {
		data := maps.Clone(good)
		data[nodeconfig.HistoryKey] = text
		var anew history
		anew.recall(data)
		if holds := anew.holds(shopRoute); holds("") || !holds(document.Digest) {
			t.Errorf("without a document: %t, with that which is there: %t", holds(""), holds(document.Digest))
		}
		if text := anew.encode(); len(text) > mostMemory || !strings.Contains(text, document.Digest) {
			t.Errorf("it is written as %.200s", text)
		}
	})
}
