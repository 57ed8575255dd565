// Package webhook posts events to any HTTP server.
//
// Records come in; they go out as lines, as an array, or one by one as a template makes them. The package judges the server by its status only.
package webhook

import (
	"bytes"
	"context"

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
	// Template makes the body for Template: {{NAME}} stands for a field as it is, {{json NAME}} for it as a string of JSON. Names are event, node, type, keys,
	// result, namespace, pod, container and serial.
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
		if err := export.CheckTemplate("webhook.template", options.Template); err != nil {
			return nil, err
		}
	}
	return h, nil
}

type hook struct {
	options Options
	client  *web.Client
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
	return h.post(ctx, "application/json", []byte(export.Expand(h.options.Template, record)))
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
