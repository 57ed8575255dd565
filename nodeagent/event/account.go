package event

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TypeAccount is the type of the event that says what became of a stretch of serials on their way to one destination.
const TypeAccount = "NODEAUDIT_ACCOUNT"

// NumberAccount is its number, of the range that the kernel leaves to user space.
const NumberAccount = 2994

// AccountAt is when an account is given.
type AccountAt string

const (
	// AccountBegin is before the first event of an agent, or of a destination: its stretch is empty.
	AccountBegin AccountAt = "begin"
	// AccountDue is while events come.
	AccountDue AccountAt = "due"
	// AccountEnd is behind the last event.
	AccountEnd AccountAt = "end"
)

// Account is what became of the serials after After up to To: of so many Received came, so many of these are Kept, for this destination, and
// so many of those were Dropped because its queue was full. What was not received is a gap, what was not kept was left out.
type Account struct {
	// At is when.
	At AccountAt
	// Boot is the kernel's boot: serials begin anew with each.
	Boot string
	// After and To are the ends of the stretch.
	After, To uint32
	// Received, Kept and Dropped are numbers of serials.
	Received, Kept, Dropped int64
}

// Serials is how many there are in the stretch. No event has the serial 0.
func (a *Account) Serials() int64 {
	n := int64(a.To - a.After)
	if a.To < a.After {
		n--
	}
	return n
}

// Event returns the event that says so. It has one record in the form of the kernel's, and no serial: those are the kernel's.
func (a *Account) Event(node string, now time.Time) *Event {
	now = now.UTC().Truncate(time.Millisecond)
	e := &Event{Time: now, Node: node, Type: TypeAccount, Who: Who{Confidence: ConfidenceNone}}
	var data strings.Builder
	fmt.Fprintf(&data, "audit(%d.%03d:0):", now.Unix(), now.Nanosecond()/int(time.Millisecond))
	field := func(name, value string) {
		fmt.Fprintf(&data, " %s=%s", name, value)
		e.Fields = append(e.Fields, Field{Name: name, Value: value})
	}
	number := func(name string, n int64) { field(name, strconv.FormatInt(n, 10)) }
	field("at", string(a.At))
	field("boot", a.Boot)
	number("afterSerial", int64(a.After))
	number("toSerial", int64(a.To))
	number("received", a.Received)
	number("kept", a.Kept)
	number("dropped", a.Dropped)
	e.Records = []Record{{Type: NumberAccount, TypeName: TypeAccount, Data: data.String()}}
	return e
}

// ReadAccount is the inverse: it takes the fields of an event of TypeAccount.
func ReadAccount(fields Fields) (Account, error) {
	get := func(name string) string { value, _ := fields.Get(name); return value }
	a := Account{At: AccountAt(get("at")), Boot: get("boot")}
	for name, to := range map[string]*uint32{"afterSerial": &a.After, "toSerial": &a.To} {
		n, err := strconv.ParseUint(get(name), 10, 32)
		if err != nil {
			return a, fmt.Errorf("reading %s of an account: %w", name, err)
		}
		*to = uint32(n)
	}
	for name, to := range map[string]*int64{"received": &a.Received, "kept": &a.Kept, "dropped": &a.Dropped} {
		n, err := strconv.ParseInt(get(name), 10, 64)
		if err != nil || n < 0 {
			return a, fmt.Errorf("reading %s of an account: %q is no number", name, get(name))
		}
		*to = n
	}
	return a, nil
}
