package filter

import (
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestKeep(t *testing.T) {
	process := func(kind string, pid event.ID) *event.Event {
		return &event.Event{Type: kind, Process: event.Process{PID: pid}}
	}
	for name, test := range map[string]struct {
		in   *event.Event
		want bool
	}{
		"a call of another process goes on":                {process("SYSCALL", event.NewID(2)), true},
		"a call of the agent does not":                     {process("SYSCALL", event.NewID(1)), false},
		"a change of the audit system by the agent does":   {process("CONFIG_CHANGE", event.NewID(1)), true},
		"an event without a process is not the agent's":    {process("SYSCALL", event.ID{}), true},
		"a message of a program about the agent's pid too": {process("USER_CMD", event.NewID(1)), true},
	} {
		if got := New(1).Keep(test.in); got != test.want {
			t.Errorf("%s: Keep = %v", name, got)
		}
	}
}
