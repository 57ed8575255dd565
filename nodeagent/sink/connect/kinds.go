package connect

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/elasticsearch"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/fluentd"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/gelf"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/journald"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/otlp"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/splunk"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/syslog"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/webhook"
)

// program is the name under which receivers see the events, where nothing else is asked for.
const program = "nodeaudit"

func (r *opening) syslog(_ context.Context) (export.Destination, error) {
	spec := r.spec.Syslog
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	facility := 13
	if spec.Facility != nil {
		facility = int(*spec.Facility)
	}
	protocols := map[v1alpha1.WireProtocol]syslog.Protocol{v1alpha1.WireUDP: syslog.UDP, v1alpha1.WireTLS: syslog.TLS}
	return syslog.New(syslog.Options{
		Address: spec.Address, Protocol: protocols[spec.Protocol], RFC3164: spec.Format == v1alpha1.SyslogRFC3164, Facility: facility,
		AppName: cmp.Or(spec.AppName, program), TLS: r.tls(spec.TLS), Dial: r.Dial,
	})
}

func (r *opening) gelf(_ context.Context) (export.Destination, error) {
	spec := r.spec.GELF
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := gelf.Options{Address: spec.Address, UDP: spec.Protocol == v1alpha1.WireUDP || spec.Protocol == "", Dial: r.Dial}
	if spec.Protocol == v1alpha1.WireTLS {
		options.TLS = new(r.tls(spec.TLS))
	}
	return gelf.New(options)
}

func (r *opening) fluentd(_ context.Context) (export.Destination, error) {
	spec := r.spec.Fluentd
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := fluentd.Options{
		Address: spec.Address, Tag: cmp.Or(spec.Tag, program), SharedKey: r.secret(spec.SharedKeySecretRef), Node: r.Node, WithoutAck: spec.WithoutAck, Dial: r.Dial,
	}
	if spec.TLS != nil {
		options.TLS = new(r.tls(spec.TLS))
	}
	return fluentd.New(options)
}

func (r *opening) journald(_ context.Context) (export.Destination, error) {
	spec := r.spec.Journald
	if spec == nil {
		spec = &v1alpha1.JournaldSink{}
	}
	folder := "journal"
	if spec.Namespace != "" {
		folder += "." + spec.Namespace
	}
	socket := filepath.Join(cmp.Or(r.HostRoot, "/"), "run/systemd", folder, "socket")
	return journald.New(journald.Options{Socket: socket, Identifier: cmp.Or(spec.Identifier, program)}), nil
}

func (r *opening) splunk(_ context.Context) (export.Destination, error) {
	spec := r.spec.Splunk
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	return splunk.New(splunk.Options{
		URL: spec.URL, Token: string(r.secret(&spec.TokenSecretRef)), Index: spec.Index, Source: cmp.Or(spec.Source, program),
		Sourcetype: cmp.Or(spec.Sourcetype, "nodeaudit:event"), Tag: spec.Tag,
		Web: web.Options{TLS: r.tls(spec.TLS), Compress: spec.Compress == nil || *spec.Compress, Dial: r.Dial},
	})
}

func (r *opening) otlp(ctx context.Context) (export.Destination, error) {
	spec := r.spec.OTLP
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := otlp.Options{
		Endpoint: spec.Endpoint, HTTP: spec.Protocol == v1alpha1.OTLPHTTP, Header: r.headers(spec.Headers), TLS: r.tls(spec.TLS), Timeout: Timeout(r.spec), Dial: r.Dial,
	}
	if options.HTTP {
		options.Endpoint = withPath(spec.Endpoint, "/v1/logs")
	}
	return r.collector(ctx, options)
}

func (r *opening) loki(ctx context.Context) (export.Destination, error) {
	spec := r.spec.Loki
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := otlp.Options{
		Endpoint: withPath(spec.URL, "/otlp/v1/logs"), HTTP: true, Header: map[string]string{}, TLS: r.tls(spec.TLS), Timeout: Timeout(r.spec), Dial: r.Dial,
	}
	if spec.Tenant != "" {
		options.Header["X-Scope-OrgID"] = spec.Tenant
	}
	w := r.web(spec.Auth, nil, nil)
	if w.Username != "" {
		options.Header["Authorization"] = basic(w.Username, w.Password)
	}
	if bearer := w.Header.Get("Authorization"); bearer != "" {
		options.Header["Authorization"] = bearer
	}
	return r.collector(ctx, options)
}

// collector starts nothing where a secret is missing.
func (r *opening) collector(ctx context.Context, options otlp.Options) (export.Destination, error) {
	if r.err != nil {
		return nil, r.err
	}
	return otlp.New(ctx, options)
}

func (r *opening) elasticsearch(_ context.Context) (export.Destination, error) {
	return r.bulk(r.spec.Elasticsearch)
}

func (r *opening) opensearch(_ context.Context) (export.Destination, error) {
	return r.bulk(r.spec.OpenSearch)
}

func (r *opening) bulk(spec *v1alpha1.ElasticsearchSink) (export.Destination, error) {
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	w := r.web(spec.Auth, nil, spec.TLS)
	if key := r.secret(spec.APIKeySecretRef); key != nil {
		w.Header.Set("Authorization", "ApiKey "+string(key))
	}
	w.Compress = true
	return elasticsearch.New(elasticsearch.Options{URLs: spec.URLs, Index: cmp.Or(spec.Index, "logs-nodeaudit-default"), Web: w})
}

func (r *opening) webhook(_ context.Context) (export.Destination, error) {
	spec := r.spec.Webhook
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	bodies := map[v1alpha1.WebhookBody]webhook.Body{v1alpha1.WebhookArray: webhook.Array, v1alpha1.WebhookTemplate: webhook.Template}
	w := r.web(spec.Auth, spec.Headers, spec.TLS)
	w.Compress = spec.Compress
	address := spec.URL
	if spec.URLSecretRef != nil {
		address = string(r.secret(spec.URLSecretRef))
		if parsed, err := url.Parse(address); err == nil {
			r.hide([]byte(strings.Trim(parsed.Path, "/")))
			r.hide([]byte(parsed.RawQuery))
		}
	}
	return webhook.New(webhook.Options{URL: address, Body: bodies[spec.Body], Template: spec.Template, ContentType: spec.ContentType, Web: w})
}

// web reads what requests need.
func (r *opening) web(auth *v1alpha1.HTTPAuth, headers []v1alpha1.SinkHeader, tls *v1alpha1.SinkTLS) web.Options {
	options := web.Options{Header: http.Header{}, Dial: r.Dial}
	options.TLS = r.tls(tls)
	for name, value := range r.headers(headers) {
		options.Header.Set(name, value)
	}
	if auth != nil && auth.Basic != nil {
		options.Username, options.Password = auth.Basic.Username, string(r.secret(&auth.Basic.PasswordSecretRef))
		r.hide([]byte(strings.TrimPrefix(basic(options.Username, options.Password), "Basic ")))
	}
	if auth != nil && auth.BearerTokenSecretRef != nil {
		options.Header.Set("Authorization", "Bearer "+string(r.secret(auth.BearerTokenSecretRef)))
	}
	return options
}

func (r *opening) headers(list []v1alpha1.SinkHeader) map[string]string {
	headers := map[string]string{}
	for _, header := range list {
		headers[header.Name] = header.Value
		if header.ValueSecretRef != nil {
			headers[header.Name] = string(r.secret(header.ValueSecretRef))
		}
	}
	return headers
}

func basic(username, password string) string {
	request := http.Request{Header: http.Header{}}
	request.SetBasicAuth(username, password)
	return request.Header.Get("Authorization")
}

// withPath adds the path to an URL that has none.
func withPath(address, path string) string {
	parsed, err := url.Parse(address)
	if err != nil || strings.Trim(parsed.Path, "/") != "" {
		return address
	}
	parsed.Path = path
	return parsed.String()
}

func missing(kind v1alpha1.SinkType) error {
	return errors.New("type is " + string(kind) + " but there is no " + string(kind) + ": say in it where to send")
}
