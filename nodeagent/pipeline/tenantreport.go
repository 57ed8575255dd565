package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// TenantsDigest is the digest of the document that ConfigureTenants has taken into use, whole but for the routes of which Report says that they are left
// out. Who asks for it before Report has never an older word on a route than on the document. It is safe for concurrent use.
func (p *Pipeline) TenantsDigest() string {
	p.tenants.mu.Lock()
	defer p.tenants.mu.Unlock()
	return p.tenants.digest
}

// unused are the reports on the routes of a tenant that is left out. Only those that bear the names of routes of the namespace are anybody's.
func unused(of nodeconfig.Tenant, reason string) []v1alpha1.RouteReport {
	var list []v1alpha1.RouteReport
	for _, r := range of.Routes {
		if strings.HasPrefix(r.Name, nodeconfig.TenantRoutePrefix+of.Namespace+"/") && len(r.Name) <= maxRouteName {
			list = append(list, v1alpha1.RouteReport{Name: r.Name, LastError: limit("this agent does not use what the namespace asks for: " + reason)})
		}
	}
	return list
}

// report returns the routes that have taken something or cannot, these first, because a report has no room for all, and the sinks that have had something
// to do, each by name.
func (t *tenants) report() ([]v1alpha1.RouteReport, map[string]account) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var troubled, fine []v1alpha1.RouteReport
	sinks, known := map[string]account{}, map[string]bool{}
	for _, namespace := range slices.Sorted(maps.Keys(t.of)) {
		of := t.of[namespace]
		for _, r := range of.lanes.report() {
			known[r.Name] = true
			switch {
			case r.LastError != "":
				troubled = append(troubled, r)
			case r.Matched > 0 || r.Errors > 0:
				fine = append(fine, r)
			}
		}
	}
	for _, r := range t.leftOut {
		if !known[r.Name] { // names are keys
			known[r.Name] = true
			troubled = append(troubled, r)
		}
	}
	for key, p := range t.places {
		if a, busy := p.report(); busy {
			sinks[key.String()] = a
		}
	}
	return append(troubled, fine...), sinks
}
