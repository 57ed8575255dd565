package form

import (
	"cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// ocsfActor writes who did it. Of a program that was started that is the process that started it.
func (o *object) ocsfActor(c *class, a *activity, e *event.Event) {
	at := o.open("actor", '{')
	empty := len(o.b)
	if c == processActivity && a.number == 1 && !e.PPID.IsZero() {
		process := o.open("process", '{')
		o.ocsfParent(e)
		o.close(process)
	} else {
		o.ocsfProcess("process", e)
	}
	if e.AUID.IsZero() {
		o.ocsfUser("user", e.UIDName, e.UID.String())
	} else {
		o.ocsfUser("user", e.AUIDName, e.AUID.String())
	}
	o.ocsfSession(e)
	if len(o.b) == empty {
		o.text("app_name", "kernel")
	}
	o.close(at)
}

func (o *object) ocsfUser(name, user, id string) {
	at := o.open(name, '{')
	o.text("name", user)
	o.text("uid", id)
	o.close(at)
}

func (o *object) ocsfSession(e *event.Event) {
	at := o.open("session", '{')
	o.idText("uid", e.Ses)
	o.text("terminal", e.TTY)
	o.close(at)
}

// ocsfProcess writes the process of the event, if there is one.
func (o *object) ocsfProcess(name string, e *event.Event) {
	if e.PID.IsZero() {
		return
	}
	at := o.open(name, '{')
	o.id("pid", e.PID)
	o.text("name", programName(e))
	o.text("path", e.Exe)
	o.commandLine("cmd_line", e)
	o.text("working_directory", e.CWD)
	if e.Exe != "" {
		file := o.open("file", '{')
		o.text("name", base(e.Exe))
		o.text("path", e.Exe)
		o.integer("type_id", int64(regularFile.ocsf))
		o.text("type", regularFile.word)
		o.close(file)
	}
	o.ocsfUser("user", e.UIDName, e.UID.String())
	group := o.open("group", '{')
	o.text("name", e.GIDName)
	o.idText("uid", e.GID)
	o.close(group)
	o.id("auid", e.AUID)
	o.id("euid", e.EUID)
	o.id("egid", e.EGID)
	o.ocsfSession(e)
	parent := o.open("parent_process", '{')
	o.ocsfParent(e)
	o.close(parent)
	ancestry := o.open("ancestry", '[')
	for i := range e.Who.Ancestors {
		item := o.open("", '{')
		o.ocsfAncestor(&e.Who.Ancestors[i])
		o.close(item)
	}
	o.close(ancestry)
	if e.Who.Start != 0 {
		o.integer("created_time", int64(e.Who.Start))
	}
	o.ocsfContainer(e)
	o.close(at)
}

func (o *object) ocsfParent(e *event.Event) {
	if p := parentOf(e); p != nil {
		o.ocsfAncestor(p)
		return
	}
	o.id("pid", e.PPID)
}

func (o *object) ocsfAncestor(a *event.Ancestor) {
	o.integer("pid", int64(a.PID))
	o.text("name", nameOf(a))
	o.text("path", a.Exe)
	if a.Start != 0 {
		o.integer("created_time", int64(a.Start))
	}
}

// The names of the labels that container runtimes give the containers of pods.
const (
	podLabel       = "io.kubernetes.pod.name"
	namespaceLabel = "io.kubernetes.pod.namespace"
)

// ocsfContainer writes the container, and the pod as the runtime labels the container with it.
func (o *object) ocsfContainer(e *event.Event) {
	w := &e.Who
	if w.ContainerID == "" && w.Container == "" {
		return
	}
	at := o.open("container", '{')
	o.text("uid", w.ContainerID)
	o.text("name", w.Container)
	if name, tag := imageTag(w.Image); name != "" {
		image := o.open("image", '{')
		o.text("uid", cmp.Or(w.ImageID, w.Image))
		o.text("name", name)
		if tag != "" {
			labels := o.open("labels", '[')
			o.item(tag)
			o.close(labels)
		}
		o.close(image)
	}
	if w.PodUID != "" {
		o.text("orchestrator", "Kubernetes")
	}
	if isUUID(w.PodUID) { // that of a static pod is a hash
		o.text("pod_uuid", w.PodUID)
	}
	tags := o.open("tags", '[')
	o.ocsfTag(namespaceLabel, w.Namespace)
	o.ocsfTag(podLabel, w.Pod)
	o.close(tags)
	o.close(at)
}

func (o *object) ocsfTag(name, value string) {
	if value == "" {
		return
	}
	at := o.open("", '{')
	o.text("name", name)
	o.text("value", value)
	o.close(at)
}

// isUUID says whether text has the five groups of a UUID.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
