package v1alpha1

import (
	"cmp"
	"fmt"
	"strings"
)

// String names the actor for a person: the program first, then where it ran.
func (a *Actor) String() string {
	if a == nil {
		return "somebody whom the kernel's record does not name"
	}
	var parts []string
	add := func(format string, value any, known bool) {
		if known {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	add("%s", a.Exe, a.Exe != "" && a.Comm != "")
	add("started by %s", a.Parent, a.Parent != "")
	add("unit %s", a.Unit, a.Unit != "")
	add("pod %s", a.Namespace+"/"+a.Pod, a.Pod != "")
	if a.PID != nil {
		add("pid %d", *a.PID, true)
	}
	if a.AUID != nil {
		add("auid %d", *a.AUID, true)
	}
	if a.Ses != nil {
		add("ses %d", *a.Ses, true)
	}
	text := cmp.Or(a.Comm, a.Exe, "a process")
	if len(parts) == 0 {
		return text
	}
	return text + " (" + strings.Join(parts, ", ") + ")"
}
