package route

import (
	"github.com/nodeaudit/nodeaudit/api/expr"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

type who struct{ w *event.Who }

// Field is expr.Object.Field.
func (o who) Field(name string) any {
	w := o.w
	switch name {
	case "confidence":
		return text(string(w.Confidence))
	case "namespace":
		return text(w.Namespace)
	case "pod":
		return text(w.Pod)
	case "podUID":
		return text(w.PodUID)
	case "container":
		return text(w.Container)
	case "containerID":
		return text(w.ContainerID)
	case "image":
		return text(w.Image)
	case "source":
		return text(string(w.Source))
	case "containerType":
		return text(string(w.ContainerType))
	case "imageID":
		return text(w.ImageID)
	case "workload":
		if w.Workload != nil {
			return workload{w.Workload}
		}
		return nil
	case "unit":
		return text(w.Unit)
	case "slice":
		return text(w.Slice)
	case "session":
		return text(w.Session)
	case "entered":
		if w.Entered {
			return true
		}
		return nil
	case "ancestors":
		return ancestors(w.Ancestors)
	case "labels":
		if len(w.Labels) > 0 {
			return w.Labels
		}
		return nil
	default:
		return nil
	}
}

type workload struct{ w *event.Workload }

// Field is expr.Object.Field.
func (o workload) Field(name string) any {
	switch name {
	case "kind":
		return text(o.w.Kind)
	case "name":
		return text(o.w.Name)
	case "by":
		return text(string(o.w.By))
	default:
		return nil
	}
}

func ancestors(all []event.Ancestor) any {
	if len(all) == 0 {
		return nil
	}
	objects := make([]expr.Object, len(all))
	for i := range all {
		objects[i] = ancestor{&all[i]}
	}
	return objects
}

type ancestor struct{ a *event.Ancestor }

// Field is expr.Object.Field.
func (o ancestor) Field(name string) any {
	switch name {
	case "pid":
		return int64(o.a.PID)
	case "comm":
		return text(o.a.Comm)
	case "exe":
		return text(o.a.Exe)
	default:
		return nil
	}
}
