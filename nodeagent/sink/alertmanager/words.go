package alertmanager

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// mostEvent is how much of an event an annotation has: people read it in a message.
const mostEvent = 4096

// annotations are what people read: what happened, the event itself, how many of the batch it stands for.
func (m *managers) annotations(record *export.Record, count int) map[string]string {
	event := record.Body
	if len(event) > mostEvent {
		event = event[:mostEvent] + "…"
	}
	annotations := map[string]string{
		"summary": summary(record), "event": strings.ToValidUTF8(event, ""), "time": record.Time.UTC().Format(time.RFC3339Nano),
	}
	if count > 1 {
		annotations["events"] = strconv.Itoa(count)
	}
	for name, template := range m.options.Annotations {
		annotations[name] = export.Expand(template, record)
	}
	return annotations
}

func summary(record *export.Record) string {
	text := fmt.Sprintf("%s on node %s", record.Type, record.Node)
	if len(record.Keys) > 0 {
		text = strings.Join(record.Keys, ",") + ": " + text
	}
	if record.Pod != "" {
		text += fmt.Sprintf(" in pod %s/%s", record.Namespace, record.Pod)
	}
	return text
}

// fingerprint is the same for the same labels.
func fingerprint(labels map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		text.WriteString(strconv.Quote(name) + strconv.Quote(labels[name]))
	}
	return text.String()
}
