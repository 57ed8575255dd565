// Package webhook posts events to any HTTP server.
//
// Records come in; they go out as lines, as an array, or one by one as a template makes them. The package judges the server by its status only.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"text/template"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// Body is the form of a request.
type Body int

const (
	// Lines is one event a line.
	Lines Body = iota
	// Array is a JSON array of events. Events that are not JSON are strings in it.
	Array
	// Template is one request for each event.
	Template
)

// Options are how to post.
type Options struct {
	// URL is where to.
	URL string
	// Body is the form.
	Body Body
	// Template makes the body for Template, of a map with event, node, type, keys, result, namespace, pod, container and serial.
	Template string
	// ContentType is the header, where it is not that of the form.
	ContentType string
	// Web is how to speak with the server.
	Web web.Options
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	client, err := web.New(options.Web)
	if err != nil {
		return nil, err
	}
	h := &hook{options: options, client: client}
	if options.Body == Template {
		h.template, err = template.New("body").Option("missingkey=zero").Funcs(template.FuncMap{"json": asJSON}).Parse(options.Template)
		if err != nil {
			return nil, fmt.Errorf("webhook.template: %w", err)
		}
	}
	return h, nil
}

type hook struct {
	options  Options
	client   *web.Client
	template *template.Template
}

// Push is export.Destination.Push.
func (h *hook) Push(ctx context.Context, logs plog.Logs) error {
	records := export.Records(logs)
	switch h.options.Body {
	case Template:
		for i := range records {
			if err := h.one(ctx, &records[i]); err != nil {
				return export.Taken(i, err)
			}
		}
		return nil
	case Array:
		return h.post(ctx, "application/json", array(records))
	default:
		return h.post(ctx, "application/x-ndjson", lines(records))
	}
}

func (h *hook) one(ctx context.Context, record *export.Record) error {
	values := map[string]any{}
	for name, value := range record.Fields() {
		values[name] = value
	}
	values["event"] = record.Body
	var body bytes.Buffer
	if err := h.template.Execute(&body, values); err != nil {
		return export.Refuse(fmt.Errorf("webhook.template: %w", err))
	}
	return h.post(ctx, "application/json", body.Bytes())
}

func (h *hook) post(ctx context.Context, contentType string, body []byte) error {
	if h.options.ContentType != "" {
		contentType = h.options.ContentType
	}
	_, err := h.client.Post(ctx, h.options.URL, contentType, body)
	return web.Judge(err)
}

// Close is export.Destination.Close.
func (h *hook) Close() error { return h.client.Close() }

func lines(records []export.Record) []byte {
	var body bytes.Buffer
	for i := range records {
		body.WriteString(records[i].Body)
		body.WriteByte('\n')
	}
	return body.Bytes()
}

func array(records []export.Record) []byte {
	var body bytes.Buffer
	for i := range records {
		body.WriteByte("[,"[min(i, 1)])
		body.Write(records[i].JSON())
	}
	body.WriteByte(']')
	return body.Bytes()
}

// asJSON is for templates: a text becomes a string of JSON.
func asJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
