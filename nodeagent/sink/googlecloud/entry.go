package googlecloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// call is what entries.write takes.
type call struct {
	LogName        string  `json:"logName"`
	PartialSuccess bool    `json:"partialSuccess"` // one entry that is refused takes no other with it
	Entries        []entry `json:"entries"`
}

type entry struct {
	Timestamp time.Time         `json:"timestamp"`
	InsertID  string            `json:"insertId"`
	Severity  string            `json:"severity"`
	Resource  resource          `json:"resource"`
	Labels    map[string]string `json:"labels"`
	JSON      json.RawMessage   `json:"jsonPayload,omitempty"`
	Text      string            `json:"textPayload,omitempty"`
}

// resource is what an entry speaks of, in the words of Google's own Kubernetes logs.
type resource struct {
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels"`
}

func (l *log) body(records []export.Record) ([]byte, error) {
	c := call{LogName: "projects/" + l.options.Project + "/logs/" + url.PathEscape(l.options.Log), PartialSuccess: true, Entries: make([]entry, 0, len(records))}
	for i := range records {
		c.Entries = append(c.Entries, l.entry(&records[i]))
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		return nil, export.Refuse(fmt.Errorf("encoding for Google Cloud Logging: %w", err))
	}
	return body.Bytes(), nil
}

func (l *log) entry(record *export.Record) entry {
	e := entry{
		Timestamp: record.Time.UTC(), InsertID: record.Node + "-" + record.ID(), Severity: "INFO", Resource: l.resource(record), Labels: record.Fields(),
	}
	if record.IsObject() {
		e.JSON = record.JSON()
	} else {
		e.Text = record.Body
	}
	return e
}

func (l *log) resource(record *export.Record) resource {
	r := resource{Type: "k8s_node", Labels: map[string]string{
		"project_id": l.options.Project, "location": l.options.Location, "cluster_name": l.options.Cluster,
	}}
	if record.Pod == "" {
		r.Labels["node_name"] = record.Node
		return r
	}
	r.Type = "k8s_container"
	r.Labels["namespace_name"], r.Labels["pod_name"], r.Labels["container_name"] = record.Namespace, record.Pod, record.Container
	return r
}
