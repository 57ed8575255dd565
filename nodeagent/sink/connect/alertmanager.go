package connect

import (
	"cmp"
	"context"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/alertmanager"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// defaultLasting is how long an alert lasts after its last event.
const defaultLasting = 5 * time.Minute

func (r *opening) alertmanager(_ context.Context) (export.Destination, error) {
	spec := r.spec.Alertmanager
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := alertmanager.Options{
		URLs: spec.URLs, Name: cmp.Or(spec.AlertName, "NodeauditEvent"), Severity: cmp.Or(spec.Severity, "warning"),
		Labels: spec.Labels, Annotations: spec.Annotations, Lasting: defaultLasting, Web: r.web(spec.Auth, nil, spec.TLS),
	}
	if spec.ResolveAfter != nil {
		options.Lasting = spec.ResolveAfter.Duration
	}
	return alertmanager.New(options)
}
