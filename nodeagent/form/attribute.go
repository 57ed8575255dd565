package form

import (
	"iter"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Attribute is a name with a value, of OpenTelemetry.
type Attribute struct {
	// Name is that of the semantic conventions, or one that begins with audit. where these have none.
	Name string
	// Kind says which of the three has the value.
	Kind AttributeKind
	// Text, Number and Texts are the value. Texts are the event's own: nobody may change them.
	Text   string
	Number int64
	Texts  []string
}

// AttributeKind is the kind of an attribute's value.
type AttributeKind int

const (
	// TextAttribute has Text, which is never empty.
	TextAttribute AttributeKind = iota
	// NumberAttribute has Number.
	NumberAttribute
	// TextsAttribute has Texts, at least one.
	TextsAttribute
)

// SchemaURL names the version of the semantic conventions that attributes are of.
const SchemaURL = "https://opentelemetry.io/schemas/1.44.0"

// Resource returns the attributes of what the event came from: the node, the pod, the container.
func Resource(e *event.Event) iter.Seq[Attribute] {
	return func(yield func(Attribute) bool) {
		l := attributes{yield: yield}
		w := &e.Who
		l.text("host.name", e.Node)
		l.text("os.type", "linux")
		l.text("k8s.node.name", e.Node)
		l.text("k8s.namespace.name", w.Namespace)
		l.text("k8s.pod.name", w.Pod)
		l.text("k8s.pod.uid", w.PodUID)
		l.text("k8s.container.name", w.Container)
		l.text("container.id", w.ContainerID)
		if w.Workload != nil {
			l.text(workloadAttribute(w.Workload.Kind), w.Workload.Name)
		}
		l.text("container.image.id", w.ImageID)
		name, tag := imageTag(w.Image)
		l.text("container.image.name", name)
		if tag != "" {
			l.texts("container.image.tags", []string{tag})
		}
		if len(w.Labels) > 0 {
			var few [16]string
			for _, label := range ordered(few[:0], w.Labels) {
				l.text("k8s.pod.label."+label, w.Labels[label])
			}
		}
	}
}

// workloadAttribute is the attribute with the name of a workload of a kind.
func workloadAttribute(kind string) string {
	switch kind {
	case "CronJob":
		return "k8s.cronjob.name"
	case "DaemonSet":
		return "k8s.daemonset.name"
	case "Deployment":
		return "k8s.deployment.name"
	case "Job":
		return "k8s.job.name"
	case "ReplicaSet":
		return "k8s.replicaset.name"
	case "StatefulSet":
		return "k8s.statefulset.name"
	}
	return "audit.workload.name"
}

// SameResource says whether two events have the same Resource, so that their records may stand below one.
func SameResource(a, b *event.Event) bool {
	return a.Node == b.Node && a.Who.ContainerID == b.Who.ContainerID && a.Who.PodUID == b.Who.PodUID && a.Who.Container == b.Who.Container &&
		a.Who.Pod == b.Who.Pod && a.Who.Namespace == b.Who.Namespace
}

// EventName returns the name of the kind of event that it is, audit. and its action in the words of ECS: audit.opened_file.
func EventName(e *event.Event) string { return activityOf(e).eventName() }

// Severity returns the number and the name that OpenTelemetry has for how much the event matters by itself.
func Severity(e *event.Event) (number int, name string) {
	s := &severities[severityOf(activityOf(e), e)]
	return s.otelNumber, s.otel
}

// Attributes returns what the event says.
func Attributes(e *event.Event) iter.Seq[Attribute] {
	return func(yield func(Attribute) bool) {
		l := attributes{yield: yield}
		l.audit(e)
		l.process(e)
		l.users(e)
		l.object(e)
	}
}

// attributes gives attributes that have a value to yield, as long as that wants more.
type attributes struct {
	yield func(Attribute) bool
	ended bool
}

func (l *attributes) give(a Attribute) {
	if !l.ended {
		l.ended = !l.yield(a)
	}
}

func (l *attributes) text(name, value string) {
	if value != "" {
		l.give(Attribute{Name: name, Text: value})
	}
}

func (l *attributes) texts(name string, values []string) {
	if len(values) > 0 {
		l.give(Attribute{Name: name, Kind: TextsAttribute, Texts: values})
	}
}

func (l *attributes) number(name string, n int64) {
	l.give(Attribute{Name: name, Kind: NumberAttribute, Number: n})
}

func (l *attributes) id(name string, id event.ID) {
	if number, present := id.Get(); present {
		l.number(name, int64(number))
	}
}
