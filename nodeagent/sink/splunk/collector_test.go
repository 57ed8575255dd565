package splunk_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/splunk"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// The Collector's receiver reads the protocol as its makers understand it, Splunk among them.
func TestTheCollectorGetsEventsWithTheirPlaceAndFields(t *testing.T) {
	for name, kind := range map[string]string{"": "splunk", "with acknowledgements": "splunk-ack"} {
		t.Run(name, func(t *testing.T) {
			events, got := exporttest.ThroughCollector(t, kind, func(address string) (export.Destination, error) {
				return splunk.New(splunk.Options{
					URL: "http://" + address, Token: "token-of-a-test", Index: "audit", Source: "nodeaudit", Sourcetype: "nodeaudit:event", Tag: "{{namespace}}/{{pod}}",
					Web: web.Options{Compress: true},
				})
			})
			want := bytes.Split(bytes.TrimSpace(sinktest.Lines(t, events)), []byte("\n"))
			if len(got) != len(want) {
				t.Fatalf("%d records, want %d", len(got), len(want))
			}
			for i := range want {
				if diff := cmp.Diff(value(t, want[i]), value(t, []byte(got[i].Body))); diff != "" {
					t.Fatalf("record %d (-want +got):\n%.2000s", i, diff)
				}
			}
			place := map[string]any{"host.name": "node-1", "com.splunk.source": "nodeaudit", "com.splunk.sourcetype": "nodeaudit:event", "com.splunk.index": "audit"}
			if diff := cmp.Diff(place, got[7].Resource); diff != "" {
				t.Errorf("place (-want +got):\n%s", diff)
			}
			for name, want := range map[string]any{"pod": "cart-0", "serial": "7", "tag": "shop/cart-0"} {
				if got[7].Attributes[name] != want {
					t.Errorf("%s is %v, want %v", name, got[7].Attributes[name], want)
				}
			}
		})
	}
}

// value is what the text means: the receiver sorts the fields.
func value(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
