package decode

import (
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// readAVC reads what SELinux says in words: `avc:  denied  { read write } for …`.
func (d *Decoder) readAVC(data string) {
	_, text, found := strings.Cut(data, "avc:")
	if !found {
		return
	}
	verdict, text, found := strings.Cut(text, "{")
	if !found {
		return
	}
	permissions, _, found := strings.Cut(text, "}")
	if !found {
		return
	}
	e := &d.event
	if verdict = strings.TrimSpace(verdict); verdict != "" && !d.taken("seresult") {
		e.Fields = append(e.Fields, event.Field{Name: "seresult", Value: verdict})
	}
	if permissions = strings.Join(strings.Fields(permissions), ","); permissions != "" && !d.taken("seperms") {
		e.Fields = append(e.Fields, event.Field{Name: "seperms", Value: permissions})
	}
}
