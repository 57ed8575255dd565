package index

import (
	"math"
	"slices"
)

// Text is a field whose values are texts.
type Text int

// The fields with texts.
const (
	Type      Text = iota // Type is that of the event and of each of its records.
	Key                   // Key is each of the keys.
	Syscall               // Syscall is the system call.
	Exe                   // Exe is the program.
	Comm                  // Comm is the name of the thread.
	Node                  // Node is the node.
	Namespace             // Namespace is the pod's.
	Pod                   // Pod is the pod.
	Container             // Container is the container.
	texts
)

// Number is a field whose values are numbers.
type Number int

// The fields with numbers.
const (
	PID     Number = iota // PID is the process.
	PPID                  // PPID is its parent.
	UID                   // UID is the user.
	EUID                  // EUID is the effective user.
	AUID                  // AUID is the user who logged in.
	Session               // Session is the session of that login.
	numbers
)

// Terms are what is known of a line or of a block.
type Terms struct {
	// First and Last are the earliest and latest time, in milliseconds since 1970.
	First, Last int64
	// Lowest and Highest are the limits of the serials.
	Lowest, Highest uint32
	// Texts and Numbers are the values that occur, in no order.
	Texts   [texts][][]byte
	Numbers [numbers][]uint32
	// TooMany has a bit for each text field, and behind those one for each number field, that has more values than are kept. Its values are not
	// to be used.
	TooMany uint32
	// Anything says that nothing above is to be used.
	Anything bool
}

// reset makes them those of nothing, and keeps their memory.
func (t *Terms) reset() {
	for i := range t.Texts {
		t.Texts[i] = t.Texts[i][:0]
	}
	for i := range t.Numbers {
		t.Numbers[i] = t.Numbers[i][:0]
	}
	t.First, t.Last, t.Lowest, t.Highest = math.MaxInt64, math.MinInt64, math.MaxUint32, 0
	t.TooMany, t.Anything = 0, false
}

// Query is what an event must have. What it asks must hold for every event that is searched for; an index cannot ask more.
type Query struct {
	// From and To are the limits of the time in milliseconds, both included.
	From, To int64
	// Serial is the serial where SerialAsked is set.
	Serial      uint32
	SerialAsked bool
	// Texts are conditions of which each must hold for one of the values of its field.
	Texts []TextCondition
	// Numbers are conditions of which each must be met by one of its fields.
	Numbers []NumberCondition
}

// TextCondition asks for a text.
type TextCondition struct {
	// Field is where it stands.
	Field Text
	// Holds says whether a value is one that is asked for. It must not keep or change it.
	Holds func(value []byte) bool
}

// NumberCondition asks for a number.
type NumberCondition struct {
	// Fields are those of which one must have it.
	Fields []Number
	// Value is the number.
	Value uint32
}

// All is the query that everything meets.
func All() Query { return Query{From: math.MinInt64, To: math.MaxInt64} }

// IsAll says whether the query leaves nothing out.
func (q *Query) IsAll() bool {
	return q.From == math.MinInt64 && q.To == math.MaxInt64 && !q.SerialAsked && len(q.Texts) == 0 && len(q.Numbers) == 0
}

// May says whether there may be an event among those of the terms that meets the query.
func (q *Query) May(t *Terms) bool {
	if t.Anything {
		return true
	}
	if t.Last < q.From || t.First > q.To || q.SerialAsked && (q.Serial < t.Lowest || q.Serial > t.Highest) {
		return false
	}
	for i := range q.Texts {
		if !q.Texts[i].may(t) {
			return false
		}
	}
	for i := range q.Numbers {
		if !q.Numbers[i].may(t) {
			return false
		}
	}
	return true
}

func (c *TextCondition) may(t *Terms) bool {
	if t.TooMany&(1<<c.Field) != 0 {
		return true
	}
	return slices.ContainsFunc(t.Texts[c.Field], c.Holds)
}

func (c *NumberCondition) may(t *Terms) bool {
	for _, field := range c.Fields {
		if t.TooMany&(1<<(int(texts)+int(field))) != 0 {
			return true
		}
		if slices.Contains(t.Numbers[field], c.Value) {
			return true
		}
	}
	return false
}
