package event

import "strconv"

// appendWho appends the JSON form of Who.
func appendWho(b []byte, w *Who) []byte {
	b = appendText(append(b, `{"confidence":`...), string(w.Confidence))
	b = member(b, `,"source":`, string(w.Source))
	b = member(b, `,"namespace":`, w.Namespace)
	b = member(b, `,"pod":`, w.Pod)
	b = member(b, `,"podUID":`, w.PodUID)
	b = member(b, `,"container":`, w.Container)
	b = member(b, `,"containerType":`, string(w.ContainerType))
	b = member(b, `,"containerID":`, w.ContainerID)
	b = member(b, `,"image":`, w.Image)
	b = member(b, `,"imageID":`, w.ImageID)
	if w.Workload != nil {
		b = w.Workload.append(append(b, `,"workload":`...))
	}
	b = labels(b, `,"labels":`, w.Labels)
	b = member(b, `,"unit":`, w.Unit)
	b = member(b, `,"slice":`, w.Slice)
	b = member(b, `,"session":`, w.Session)
	if w.Entered {
		b = append(b, `,"entered":true`...)
	}
	if w.Actor != nil {
		b = w.Actor.append(append(b, `,"actor":`...))
	}
	b = w.Start.member(b)
	return append(appendAncestors(b, w.Ancestors), '}')
}

func (w *Workload) append(b []byte) []byte {
	b = appendText(append(b, `{"kind":`...), w.Kind)
	b = appendText(append(b, `,"name":`...), w.Name)
	return append(appendText(append(b, `,"by":`...), string(w.By)), '}')
}

func appendAncestors(b []byte, ancestors []Ancestor) []byte {
	for i := range ancestors {
		if i == 0 {
			b = append(b, `,"ancestors":[`...)
		} else {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(b, `{"pid":`...), uint64(ancestors[i].PID), 10)
		b = member(b, `,"comm":`, ancestors[i].Comm)
		b = member(b, `,"exe":`, ancestors[i].Exe)
		b = append(ancestors[i].Start.member(b), '}')
	}
	if len(ancestors) > 0 {
		b = append(b, ']')
	}
	return b
}
