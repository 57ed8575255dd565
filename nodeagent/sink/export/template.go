package export

import (
	"encoding/json"
	"fmt"
	"strings"
)

// names are what a template may name.
var names = []string{"event", "node", "type", "keys", "result", "namespace", "pod", "container", "serial"}

// Expand fills a template in: {{NAME}} stands for a field of the record as it is, {{json NAME}} for it as a string of JSON. event is its body. It is not
// text/template: that calls methods by name, so that the linker has to keep every method of the whole program: 69 MB and not 47.
func Expand(template string, record *Record) string {
	if !strings.Contains(template, "{{") {
		return template
	}
	fields := record.Fields()
	fields["event"] = record.Body
	pairs := make([]string, 0, 4*len(names))
	for _, name := range names {
		quoted, err := json.Marshal(fields[name])
		if err != nil {
			quoted = []byte(`""`) // a string always has a form
		}
		pairs = append(pairs, "{{"+name+"}}", fields[name], "{{json "+name+"}}", string(quoted))
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

// CheckTemplate says what Expand does not know in the template of the field.
func CheckTemplate(field, template string) error {
	if _, rest, found := strings.Cut(Expand(template, &Record{}), "{{"); found {
		return fmt.Errorf("%s: {{%.20s is none of {{NAME}} and {{json NAME}}: names are %s", field, rest, strings.Join(names, ", "))
	}
	return nil
}
