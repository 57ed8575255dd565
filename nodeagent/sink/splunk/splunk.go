// Package splunk sends events to the HTTP Event Collector of Splunk.
//
// Records come in, requests with one JSON object for each go out. Where the collector acknowledges what its indexers have, the package waits for that;
// otherwise the collector's answer counts.
package splunk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

const eventPath = "/services/collector/event"

// Options are how to send.
type Options struct {
	// URL is the collector's. The path is added where there is none.
	URL string
	// Token is the collector's.
	Token string
	// Index, Source and Sourcetype are those of the events. An empty index is the token's.
	Index, Source, Sourcetype string
	// Tag is the field tag, in which {{pod}} and the like stand for the record's fields. Empty: no such field.
	Tag string
	// Web is how to speak with the collector. The token is added to its header.
	Web web.Options
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	base, err := url.Parse(options.URL)
	if err != nil || base.Host == "" {
		return nil, errors.New("splunk.url is no URL: correct it")
	}
	if base.Path == "" || base.Path == "/" {
		base.Path = eventPath
	}
	channel := uuid.NewString()
	header := options.Web.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Authorization", "Splunk "+options.Token)
	header.Set("X-Splunk-Request-Channel", channel) // needed where acknowledgements are on, and ignored elsewhere
	options.Web.Header = header
	client, err := web.New(options.Web)
	if err != nil {
		return nil, err
	}
	acks := *base
	acks.Path = strings.TrimSuffix(acks.Path, "/event") + "/ack"
	acks.RawQuery = "channel=" + channel
	return &collector{options: options, client: client, url: base.String(), acks: acks.String()}, nil
}

type collector struct {
	options   Options
	client    *web.Client
	url, acks string
}

// entry is one event as the collector takes it.
type entry struct {
	Time       json.Number       `json:"time"`
	Host       string            `json:"host,omitempty"`
	Source     string            `json:"source,omitempty"`
	Sourcetype string            `json:"sourcetype,omitempty"`
	Index      string            `json:"index,omitempty"`
	Event      json.RawMessage   `json:"event"`
	Fields     map[string]string `json:"fields,omitempty"`
}

// Push is export.Destination.Push.
func (c *collector) Push(ctx context.Context, logs plog.Logs) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	for _, record := range export.Records(logs) {
		if err := encoder.Encode(c.entry(&record)); err != nil {
			return export.Refuse(fmt.Errorf("encoding for Splunk: %w", err))
		}
	}
	answer, err := c.client.Post(ctx, c.url, "application/json", body.Bytes())
	if err != nil {
		return judge(err)
	}
	var reply struct {
		AckID *int64 `json:"ackId"`
	}
	if json.Unmarshal(answer, &reply) == nil && reply.AckID != nil {
		return c.await(ctx, *reply.AckID)
	}
	return nil
}

func (c *collector) entry(record *export.Record) entry {
	fields := record.Fields()
	delete(fields, "node") // it is the host
	if c.options.Tag != "" {
		fields["tag"] = expand(c.options.Tag, record)
	}
	return entry{
		Time: json.Number(fmt.Sprintf("%d.%03d", record.Time.Unix(), record.Time.Nanosecond()/1e6)),
		Host: record.Node, Source: c.options.Source, Sourcetype: c.options.Sourcetype, Index: c.options.Index,
		Event: record.JSON(), Fields: fields,
	}
}

// expand puts the record's fields into the tag.
func expand(tag string, record *export.Record) string {
	fields := record.Fields()
	var pairs []string
	for _, name := range []string{"node", "type", "keys", "result", "namespace", "pod", "container"} {
		pairs = append(pairs, "{{"+name+"}}", fields[name])
	}
	return strings.NewReplacer(pairs...).Replace(tag)
}

// await asks until the indexers have the batch, or ctx ends. Then it is sent again.
func (c *collector) await(ctx context.Context, id int64) error {
	question := []byte(`{"acks":[` + strconv.FormatInt(id, 10) + `]}`)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		answer, err := c.client.Post(ctx, c.acks, "application/json", question)
		if err != nil {
			return fmt.Errorf("asking for acknowledgement %d: %w", id, err)
		}
		var reply struct {
			Acks map[string]bool `json:"acks"`
		}
		if err := json.Unmarshal(answer, &reply); err != nil {
			return fmt.Errorf("asking for acknowledgement %d: %w", id, err)
		}
		if reply.Acks[strconv.FormatInt(id, 10)] {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no indexer has acknowledged batch %d in time: it is sent again", id)
		case <-time.After(pause):
		}
	}
}

// Close is export.Destination.Close.
func (c *collector) Close() error { return c.client.Close() }

// judge knows the codes of the collector: 400 is the events' fault only for those that speak of data.
// https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector
func judge(err error) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Code {
	case http.StatusRequestEntityTooLarge:
		return export.Refuse(err)
	case http.StatusBadRequest:
		var reply struct {
			Code int `json:"code"`
		}
		if json.Unmarshal(status.Answer, &reply) == nil {
			switch reply.Code {
			case 5, 6, 12, 13, 15, 27: // no data, invalid format, event missing, event blank, error in fields, too large
				return export.Refuse(err)
			}
		}
	}
	return web.Wait(err)
}
