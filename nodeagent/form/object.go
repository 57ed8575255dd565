package form

import (
	"maps"
	"slices"
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// object writes JSON to the end of its bytes. A member without a value is left out, and so is an object or array without members.
type object struct{ b []byte }

// name begins a member. The name is one of ours, in which nothing has to be escaped; foreign begins one with any name.
func (o *object) name(name string) {
	o.next()
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) foreign(name string) {
	o.next()
	o.b = append(event.AppendText(o.b, name), ':')
}

// next puts a comma behind what is there already.
func (o *object) next() {
	if last := o.b[len(o.b)-1]; last != '{' && last != '[' {
		o.b = append(o.b, ',')
	}
}

// open begins an object or array that is a member, and returns where that member begins. An array's members have no name.
func (o *object) open(name string, bracket byte) (at int) {
	at = len(o.b)
	if name == "" {
		o.next()
	} else {
		o.name(name)
	}
	o.b = append(o.b, bracket)
	return at
}

// close ends what open began, or takes it back where nothing is in it.
func (o *object) close(at int) {
	opening := o.opening(at)
	if opening == len(o.b)-1 {
		o.b = o.b[:at]
		return
	}
	o.b = append(o.b, o.b[opening]+2) // brackets and braces are two apart
}

// opening is where the bracket is of the member that begins at at. Names of members that are opened have neither.
func (o *object) opening(at int) int {
	for o.b[at] != '{' && o.b[at] != '[' {
		at++
	}
	return at
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.b = event.AppendText(o.b, value)
	}
}

// item adds a text to an array.
func (o *object) item(value string) {
	o.next()
	o.b = event.AppendText(o.b, value)
}

func (o *object) texts(name string, values []string) {
	at := o.open(name, '[')
	for _, value := range values {
		o.item(value)
	}
	o.close(at)
}

func (o *object) integer(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

// id writes a number, and idText the same as text.
func (o *object) id(name string, id event.ID) {
	if number, present := id.Get(); present {
		o.integer(name, int64(number))
	}
}

func (o *object) idText(name string, id event.ID) {
	if number, present := id.Get(); present {
		o.name(name)
		o.b = append(strconv.AppendUint(append(o.b, '"'), uint64(number), 10), '"')
	}
}

func (o *object) truth(name string, value bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, value)
}

// fields writes fields as an object, in words where there are words for them.
func (o *object) fields(name string, fields, words event.Fields) {
	at := o.open(name, '{')
	for i := range fields {
		o.field(&fields[i], words)
	}
	o.close(at)
}

func (o *object) field(f *event.Field, words event.Fields) {
	value := f.Value
	if word, found := words.Get(f.Name); found {
		value = word
	}
	o.foreign(f.Name)
	o.b = event.AppendText(o.b, value)
}

// moment writes a time as text, and nothing where there is none, or one that no calendar writes.
func (o *object) moment(name string, m event.Moment) {
	if m == 0 {
		return
	}
	var few [24]byte
	text, err := event.AppendTime(few[:0], m.Time())
	if err != nil {
		return
	}
	o.name(name)
	o.b = append(append(append(o.b, '"'), text...), '"')
}

// workload writes what made the pod.
func (o *object) workload(e *event.Event) {
	if w := e.Who.Workload; w != nil {
		at := o.open("workload", '{')
		o.text("kind", w.Kind)
		o.text("name", w.Name)
		o.close(at)
	}
}

// labels writes a map by the order of its names.
func (o *object) labels(name string, labels map[string]string) {
	if len(labels) == 0 {
		return
	}
	at := o.open(name, '{')
	var few [16]string
	for _, label := range ordered(few[:0], labels) {
		o.foreign(label)
		o.b = event.AppendText(o.b, labels[label])
	}
	o.close(at)
}

func ordered(names []string, labels map[string]string) []string {
	names = slices.AppendSeq(names, maps.Keys(labels))
	slices.Sort(names)
	return names
}

// lines writes the records as one text, a line each, as they stand in audit.log.
func (o *object) lines(name string, e *event.Event) {
	if len(e.Records) == 0 {
		return
	}
	o.name(name)
	o.b = append(o.b, '"')
	for i := range e.Records {
		if i > 0 {
			o.b = append(o.b, `\n`...)
		}
		o.inside("type=")
		o.inside(typeName(&e.Records[i]))
		o.inside(" msg=")
		o.inside(e.Records[i].Data)
	}
	o.b = append(o.b, '"')
}

// inside adds to the text that is being written.
func (o *object) inside(text string) {
	at := len(o.b)
	o.b = event.AppendText(o.b, text)
	o.b = append(o.b[:at], o.b[at+1:len(o.b)-1]...) // without its quotes
}
