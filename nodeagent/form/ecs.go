package form

import (
	"fmt"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// ecsVersion is the version of the Elastic Common Schema whose fields these are.
const ecsVersion = "9.4.0"

// appendECS appends the event in the fields of ECS, and what has no place there as Auditbeat has it, below auditd.
func appendECS(b []byte, e *event.Event) ([]byte, error) {
	with, err := event.AppendTime(append(b, `{"@timestamp":"`...), e.Time)
	if err != nil {
		return b, fmt.Errorf("encoding event %d: %w", e.Serial, err)
	}
	o := object{append(with, `","ecs":{"version":"`+ecsVersion+`"}`...)}
	a := activityOf(e)
	s := severityOf(a, e)
	o.message("message", a, e)
	o.ecsEvent(a, s, e)
	o.texts("tags", e.Keys)
	o.ecsLog(s, e)
	o.ecsPlace(e)
	o.ecsProcess(e)
	o.ecsUser(a, e)
	o.ecsFile(a, e)
	o.ecsNetwork(e)
	o.ecsRest(a, e)
	o.ecsAuditd(e)
	return append(o.b, '}', '\n'), nil
}

// message writes the sentence of the lines for people.
func (o *object) message(name string, a *activity, e *event.Event) {
	var few [256]byte
	sentence := appendSentence(few[:0], a, e)
	o.name(name)
	o.b = event.AppendText(o.b, string(sentence))
}

func (o *object) ecsEvent(a *activity, s severity, e *event.Event) {
	at := o.open("event", '{')
	o.text("kind", a.kind())
	o.texts("category", a.categories)
	o.texts("type", a.types)
	o.text("action", a.action)
	o.text("outcome", outcome(e))
	o.text("module", "auditd")
	o.text("provider", "nodeaudit")
	o.text("code", e.Type)
	o.name("id")
	o.b = append(appendID(append(o.b, '"'), e), '"')
	o.integer("sequence", int64(e.Serial))
	o.integer("severity", int64(severities[s].syslogNumber))
	o.lines("original", e)
	o.close(at)
}

func (a *activity) kind() string {
	if a.alert {
		return "alert"
	}
	return "event"
}

func outcome(e *event.Event) string {
	if e.Result == "" {
		return "unknown"
	}
	return string(e.Result)
}

func (o *object) ecsLog(s severity, e *event.Event) {
	at := o.open("log", '{')
	o.text("level", severities[s].level)
	o.close(at)
	at = o.open("error", '{')
	o.text("code", e.Errno)
	o.close(at)
	at = o.open("rule", '{')
	if len(e.Keys) > 0 {
		o.text("name", e.Keys[0])
	}
	o.close(at)
}

// ecsPlace writes the node, the container and the pod.
func (o *object) ecsPlace(e *event.Event) {
	at := o.open("host", '{')
	o.text("name", e.Node)
	o.text("hostname", e.Node)
	o.text("architecture", e.Arch)
	inner := o.open("os", '{')
	o.text("type", "linux")
	o.close(inner)
	o.close(at)

	w := &e.Who
	image, tag := imageTag(w.Image)
	at = o.open("container", '{')
	o.text("id", w.ContainerID)
	o.text("name", w.Container)
	inner = o.open("image", '{')
	o.text("name", image)
	if tag != "" {
		tags := o.open("tag", '[')
		o.item(tag)
		o.close(tags)
	}
	o.close(inner)
	o.close(at)

	if w.PodUID == "" && w.Pod == "" {
		return
	}
	at = o.open("orchestrator", '{')
	o.text("type", "kubernetes")
	o.text("namespace", w.Namespace)
	inner = o.open("resource", '{')
	o.text("type", "pod")
	o.text("name", w.Pod)
	o.text("id", w.PodUID)
	if w.Workload != nil {
		parent := o.open("parent", '{')
		o.text("type", w.Workload.Kind)
		o.close(parent)
	}
	o.ecsLabels(w.Labels)
	o.close(inner)
	o.close(at)
}

// ecsLabels writes labels as ECS has those of resources: name:value.
func (o *object) ecsLabels(labels map[string]string) {
	if len(labels) == 0 {
		return
	}
	at := o.open("label", '[')
	var few [16]string
	for _, name := range ordered(few[:0], labels) {
		o.next()
		o.b = append(o.b, '"')
		o.inside(name)
		o.b = append(o.b, ':')
		o.inside(labels[name])
		o.b = append(o.b, '"')
	}
	o.close(at)
}
