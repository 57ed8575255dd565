// Package alertmanager raises alerts for events.
//
// A batch of records comes in and goes out as one POST to /api/v2/alerts of each Alertmanager, which groups, repeats and routes notifications. Events with the same
// labels are one alert, which ends some time after the last of them. The package notifies nobody itself.
package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// Options are what alerts look like, and who gets them.
type Options struct {
	// URLs are those of all Alertmanagers of a cluster. Each gets every alert: they do not tell each other.
	URLs []string
	// Name is the template of the label alertname, Severity the label severity.
	Name, Severity string
	// Labels and Annotations are templates of further ones.
	Labels, Annotations map[string]string
	// Lasting is how long an alert lasts after its last event.
	Lasting time.Duration
	// Web is how to speak with them.
	Web web.Options
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	if err := check(&options); err != nil {
		return nil, err
	}
	client, err := web.New(options.Web)
	if err != nil {
		return nil, err
	}
	m := &managers{options: options, client: client}
	for _, address := range options.URLs {
		base, err := url.Parse(address)
		if err != nil || base.Host == "" {
			return nil, errors.New("alertmanager.urls: one of them is no URL: correct it")
		}
		m.urls = append(m.urls, base.JoinPath("api/v2/alerts").String())
	}
	return m, nil
}

func check(options *Options) error {
	errs := []error{export.CheckTemplate("alertmanager.alertName", options.Name), export.CheckTemplate("alertmanager.severity", options.Severity)}
	for name, template := range options.Labels {
		errs = append(errs, export.CheckTemplate("alertmanager.labels."+name, template))
	}
	for name, template := range options.Annotations {
		errs = append(errs, export.CheckTemplate("alertmanager.annotations."+name, template))
	}
	return errors.Join(errs...)
}

type managers struct {
	options Options
	client  *web.Client
	urls    []string
}

// Push is export.Destination.Push. One Alertmanager that has the alerts is enough: those of a cluster agree on who notifies.
func (m *managers) Push(ctx context.Context, logs plog.Logs) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m.alerts(export.Records(logs), time.Now())); err != nil {
		return export.Refuse(fmt.Errorf("encoding for Alertmanager: %w", err))
	}
	var worst error
	taken := false
	for _, address := range m.urls {
		_, err := m.client.Post(ctx, address, "application/json", body.Bytes())
		if err = web.Judge(err); err == nil {
			taken = true
			continue
		}
		if worst == nil || errors.Is(worst, export.ErrRefused) {
			worst = err // one that is away may take what another refuses
		}
	}
	if taken {
		return nil
	}
	return worst
}

// Close is export.Destination.Close.
func (m *managers) Close() error { return m.client.Close() }

// alert is a PostableAlert of Alertmanager's API.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// alerts puts events with the same labels together. The annotations are those of the last one.
func (m *managers) alerts(records []export.Record, now time.Time) []*alert {
	var alerts []*alert
	known := map[string]*alert{}
	counts := map[*alert]int{}
	for i := range records {
		record := &records[i]
		labels := m.labels(record)
		key := fingerprint(labels)
		a := known[key]
		if a == nil {
			a = &alert{Labels: labels, StartsAt: record.Time, EndsAt: now.Add(m.options.Lasting)}
			known[key], alerts = a, append(alerts, a)
		}
		if a.StartsAt.After(record.Time) {
			a.StartsAt = record.Time
		}
		if a.StartsAt.After(now) { // an alert that begins after its end is refused
			a.StartsAt = now
		}
		counts[a]++
		a.Annotations = m.annotations(record, counts[a])
	}
	return alerts
}

func (m *managers) labels(record *export.Record) map[string]string {
	labels := map[string]string{}
	put := func(name, value string) {
		if value = strings.ToValidUTF8(value, "\uFFFD"); value != "" {
			labels[name] = value
		}
	}
	put("node", record.Node)
	put("namespace", record.Namespace)
	put("pod", record.Pod)
	put("key", strings.Join(record.Keys, ","))
	put("severity", export.Expand(m.options.Severity, record))
	put("alertname", export.Expand(m.options.Name, record))
	for name, template := range m.options.Labels {
		put(name, export.Expand(template, record))
	}
	return labels
}
