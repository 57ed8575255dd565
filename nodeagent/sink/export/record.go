package export

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Encoder makes the body of a record from an event: one form of events, for example the native JSON form.
type Encoder interface {
	// Append appends the form to body, without a line feed at its end.
	Append(body []byte, e *event.Event) ([]byte, error)
}

// Names of the attributes that a record has beside its body, where the event has them. Those of Kubernetes are OpenTelemetry's.
const (
	attrService   = "service.name"        // of the resource
	attrInstance  = "service.instance.id" // of the resource
	attrNode      = "k8s.node.name"       // of the resource
	attrHost      = "host.name"           // of the resource
	attrSerial    = "audit.serial"
	attrType      = "audit.type"
	attrKeys      = "audit.keys"
	attrResult    = "audit.result"
	attrNamespace = "k8s.namespace.name"
	attrPod       = "k8s.pod.name"
	attrContainer = "k8s.container.name"
	attrLabel     = "k8s.pod.label."
)

// encode makes one batch of records of the events. The records keep the labels of pods that are asked for.
func encode(events []*event.Event, encoder Encoder, labels []string, now time.Time) (plog.Logs, error) {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName("nodeaudit")
	scope.LogRecords().EnsureCapacity(len(events))
	var body []byte
	for _, e := range events {
		var err error
		if body, err = encoder.Append(body[:0], e); err != nil {
			return plog.Logs{}, fmt.Errorf("encoding: %w", err)
		}
		describe(scope.LogRecords().AppendEmpty(), e, string(body), labels, now)
	}
	resource.Resource().Attributes().PutStr(attrService, "nodeaudit")
	if len(events) > 0 && events[0].Node != "" {
		for _, name := range []string{attrInstance, attrHost, attrNode} { // one agent is on a node
			resource.Resource().Attributes().PutStr(name, events[0].Node)
		}
	}
	return logs, nil
}

func describe(record plog.LogRecord, e *event.Event, body string, labels []string, now time.Time) {
	record.SetTimestamp(pcommon.NewTimestampFromTime(e.Time))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.Body().SetStr(body)
	attributes := record.Attributes()
	attributes.EnsureCapacity(7 + len(labels))
	attributes.PutInt(attrSerial, int64(e.Serial))
	put := func(name, value string) {
		if value != "" {
			attributes.PutStr(name, value)
		}
	}
	put(attrType, e.Type)
	put(attrResult, string(e.Result))
	put(attrNamespace, e.Who.Namespace)
	put(attrPod, e.Who.Pod)
	put(attrContainer, e.Who.Container)
	for _, label := range labels {
		put(attrLabel+label, e.Who.Labels[label])
	}
	if len(e.Keys) > 0 {
		keys := attributes.PutEmptySlice(attrKeys)
		for _, key := range e.Keys {
			keys.AppendEmpty().SetStr(key)
		}
	}
}

// Record is one event on its way to a destination.
type Record struct {
	// Time is the event's.
	Time time.Time
	// Body is its form, without a line feed at the end.
	Body string
	// Node, Type, Result, Namespace, Pod and Container are the event's, empty where it has none.
	Node, Type, Result, Namespace, Pod, Container string
	// Serial is the kernel's number of the event.
	Serial uint32
	// Keys are the keys of its rules.
	Keys []string
	// Labels are those labels of its pod that the sink asks for.
	Labels map[string]string
}

// ID names the event on its node: the kernel's time and number, as in audit records.
func (r *Record) ID() string {
	return fmt.Sprintf("%d.%03d:%d", r.Time.Unix(), r.Time.Nanosecond()/1e6, r.Serial)
}

// Fields returns what is known of the event beside its body, by names that suit indexes: node, type, serial, result, keys, namespace, pod,
// container and label.NAME.
func (r *Record) Fields() map[string]string {
	fields := map[string]string{"serial": strconv.FormatUint(uint64(r.Serial), 10)}
	for name, value := range map[string]string{
		"node": r.Node, "type": r.Type, "result": r.Result, "keys": strings.Join(r.Keys, ","),
		"namespace": r.Namespace, "pod": r.Pod, "container": r.Container,
	} {
		if value != "" {
			fields[name] = value
		}
	}
	for name, value := range r.Labels {
		fields["label."+name] = value
	}
	return fields
}

// Records returns the records in their order.
func Records(logs plog.Logs) []Record {
	records := make([]Record, 0, logs.LogRecordCount())
	for _, resource := range logs.ResourceLogs().All() {
		node, _ := resource.Resource().Attributes().Get(attrHost)
		name := ""
		if node != (pcommon.Value{}) {
			name = node.Str()
		}
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				records = append(records, read(name, record))
			}
		}
	}
	return records
}

func read(node string, record plog.LogRecord) Record {
	r := Record{Node: node, Time: record.Timestamp().AsTime(), Body: record.Body().Str()}
	for name, value := range record.Attributes().All() {
		switch name {
		case attrSerial:
			r.Serial = uint32(value.Int())
		case attrType:
			r.Type = value.Str()
		case attrResult:
			r.Result = value.Str()
		case attrNamespace:
			r.Namespace = value.Str()
		case attrPod:
			r.Pod = value.Str()
		case attrContainer:
			r.Container = value.Str()
		case attrKeys:
			for _, key := range value.Slice().All() {
				r.Keys = append(r.Keys, key.Str())
			}
		default:
			if label, is := strings.CutPrefix(name, attrLabel); is {
				if r.Labels == nil {
					r.Labels = map[string]string{}
				}
				r.Labels[label] = value.Str()
			}
		}
	}
	return r
}

// part returns the records from the first to before the last, with their resources.
func part(logs plog.Logs, first, last int) plog.Logs {
	return pick(logs, func(at int) bool { return at >= first && at < last })
}

// pick returns the records at those places that are wanted, with their resources.
func pick(logs plog.Logs, wanted func(at int) bool) plog.Logs {
	rest := plog.NewLogs()
	logs.CopyTo(rest)
	at := 0
	rest.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
			scope.LogRecords().RemoveIf(func(plog.LogRecord) bool {
				at++
				return !wanted(at - 1)
			})
			return scope.LogRecords().Len() == 0
		})
		return resource.ScopeLogs().Len() == 0
	})
	return rest
}

// JSON returns the body where it is an object of JSON, and otherwise a string of JSON with it.
func (r *Record) JSON() []byte {
	if r.IsObject() {
		return []byte(r.Body)
	}
	text, err := json.Marshal(r.Body)
	if err != nil {
		return []byte(`""`) // a string always has a form
	}
	return text
}

// IsObject says whether the body is an object of JSON. Forms that begin like one are whole ones.
func (r *Record) IsObject() bool {
	return strings.HasPrefix(r.Body, "{") && strings.HasSuffix(r.Body, "}")
}
