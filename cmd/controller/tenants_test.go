package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

func TestTenantRules(t *testing.T) {
	const limits = `"limits": {"routesPerNamespace": 8, "queueBytesPerNamespace": "64Mi", "eventsPerSecond": 100}`
	got, err := tenantRules(`{"destinations": [{"hosts": ["a.test"], "ports": [443]}], ` + limits + `}`)
	want := &compile.TenantRules{Destinations: []allow.Destination{{Hosts: []string{"a.test"}, Ports: []int32{443}}}, Routes: 8, QueueBytes: 64 << 20, EventsPerSecond: 100}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := tenantRules(""); got != nil || err != nil {
		t.Errorf("nothing gives %+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"no JSON":                    `yes`,
		"a misspelt word":            `{"destination": [], ` + limits + `}`,
		"a destination without port": `{"destinations": [{"hosts": ["a.test"]}], ` + limits + `}`,
		"no limits":                  `{"destinations": []}`,
		"a queue of nothing":         `{` + strings.Replace(limits, "64Mi", "1Ki", 1) + `}`,
		"a rate of nothing":          `{` + strings.Replace(limits, "100", "0", 1) + `}`,
	} {
		if rules, err := tenantRules(text); err == nil || !strings.HasPrefix(err.Error(), "--tenants: ") {
			t.Errorf("%s gives %+v, %v", name, rules, err)
		}
	}
}
