package form

import (
	"fmt"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// Form is one way to write events. The zero value is the native one.
type Form struct{ at int }

// forms are all there are. One more is one more line here.
var forms = [...]struct {
	name, help string
	append     func(b []byte, e *event.Event) ([]byte, error)
}{
	{"native", "JSON that has everything (docs/events.md)", event.AppendLine},
	{"ecs", "JSON of the Elastic Common Schema", appendECS},
	{"ocsf", "JSON of the Open Cybersecurity Schema Framework", appendOCSF},
	{"otlp", "JSON of OpenTelemetry log records", appendOTLP},
	{"raw", "the lines of audit.log, for ausearch and aureport", appendRaw},
	{"text", "one line for people", appendPeople},
}

// Named returns the form with this name. The name json is another one of native.
func Named(name string) (Form, error) {
	if name == "json" {
		return Form{}, nil
	}
	for at := range forms {
		if forms[at].name == name {
			return Form{at}, nil
		}
	}
	return Form{}, fmt.Errorf("no form is called %q: choose one of %s", name, strings.Join(Names(), ", "))
}

// Names returns the names of all forms.
func Names() []string {
	names := make([]string, len(forms))
	for at := range forms {
		names[at] = forms[at].name
	}
	return names
}

// String returns the form's name.
func (f Form) String() string { return forms[f.at].name }

// Help says in half a sentence what the form is.
func (f Form) Help() string { return forms[f.at].help }

// AppendLine appends the event and a line feed. No form has another line feed, except raw, which has a line for each record, and none for an
// event without records. After an error, which says that RFC 3339 has no such year, what it returns is line. It is safe for concurrent use.
func (f Form) AppendLine(line []byte, e *event.Event) ([]byte, error) {
	return forms[f.at].append(line, e)
}

// Append is AppendLine without the line feed at the end.
func (f Form) Append(body []byte, e *event.Event) ([]byte, error) {
	line, err := f.AppendLine(body, e)
	if err == nil && len(line) > len(body) {
		line = line[:len(line)-1]
	}
	return line, err
}
