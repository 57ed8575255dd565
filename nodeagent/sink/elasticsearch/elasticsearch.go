// Package elasticsearch writes events to a data stream or an index of Elasticsearch or OpenSearch, with _bulk.
//
// Records come in, one request with all of them goes out. Each has an id made of node, time and serial number: what is sent twice is stored once.
package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// Options are how to write.
type Options struct {
	// URLs are the addresses of nodes. After an error the next one is asked.
	URLs []string
	// Index is the data stream or index.
	Index string
	// Web is how to speak with them.
	Web web.Options
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	if len(options.URLs) == 0 {
		return nil, errors.New("urls is empty: name at least one node")
	}
	client, err := web.New(options.Web)
	if err != nil {
		return nil, err
	}
	return &bulk{options: options, client: client}, nil
}

type bulk struct {
	options Options
	client  *web.Client
	next    int
}

// Push is export.Destination.Push.
func (b *bulk) Push(ctx context.Context, logs plog.Logs) error {
	body, err := lines(export.Records(logs))
	if err != nil {
		return export.Refuse(err)
	}
	base := b.options.URLs[b.next%len(b.options.URLs)]
	answer, err := b.client.Post(ctx, strings.TrimSuffix(base, "/")+"/"+url.PathEscape(b.options.Index)+"/_bulk", "application/x-ndjson", body)
	if err != nil {
		b.next++
		return judge(err)
	}
	return read(answer)
}

// judge knows that 400 as a whole is about the request, for example a name of an index that cannot be; single documents have their own status.
func judge(err error) error {
	var status *web.StatusError
	if errors.As(err, &status) && status.Code == http.StatusRequestEntityTooLarge {
		return export.Refuse(err)
	}
	return web.Wait(err)
}

func lines(records []export.Record) ([]byte, error) {
	var body bytes.Buffer
	for i := range records {
		record := &records[i]
		id, err := json.Marshal(record.Node + "-" + record.ID())
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&body, `{"create":{"_id":%s}}`+"\n", id)
		if err := document(&body, record); err != nil {
			return nil, err
		}
		body.WriteByte('\n')
	}
	return body.Bytes(), nil
}

// document is the event's form with @timestamp before it, which data streams want; a form that is no object of JSON becomes the field message.
func document(body *bytes.Buffer, record *export.Record) error {
	at := record.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	if record.IsObject() && !strings.Contains(record.Body, `"@timestamp"`) {
		fmt.Fprintf(body, `{"@timestamp":"%s"`, at)
		if rest := record.Body[1:]; rest != "}" {
			body.WriteByte(',')
		}
		body.WriteString(record.Body[1:])
		return nil
	}
	if record.IsObject() {
		body.WriteString(record.Body)
		return nil
	}
	fields := map[string]any{"@timestamp": at, "message": record.Body}
	for name, value := range record.Fields() {
		fields[name] = value
	}
	text, err := json.Marshal(fields)
	body.Write(text)
	return err
}

// read looks at the status of each document. One that is there already was written by an earlier try.
func read(answer []byte) error {
	var reply struct {
		Errors bool `json:"errors"`
		Items  []map[string]struct {
			Status int             `json:"status"`
			Error  json.RawMessage `json:"error"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return fmt.Errorf("the answer is none of _bulk: see whether the address is that of Elasticsearch or OpenSearch: %w", err)
	}
	if !reply.Errors {
		return nil
	}
	var refused error
	for _, item := range reply.Items {
		for _, result := range item {
			switch {
			case result.Status/100 == 2 || result.Status == http.StatusConflict:
			case result.Status == http.StatusBadRequest || result.Status == http.StatusRequestEntityTooLarge:
				refused = export.Refuse(fmt.Errorf("status %d for a document: %s", result.Status, told(result.Error)))
			default: // too busy, no such index, not allowed: that passes, or a person mends it
				return fmt.Errorf("status %d for a document: %s", result.Status, told(result.Error))
			}
		}
	}
	return refused
}

func told(text []byte) string { return string(text[:min(len(text), 300)]) }

// Close is export.Destination.Close.
func (b *bulk) Close() error { return b.client.Close() }
