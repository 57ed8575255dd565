package event

// own are the numbers of the agent's own types, which are in a range that the kernel leaves to programs (include/uapi/linux/audit.h, AUDIT_LAST_USER_MSG2)
// and which no other program knows.
var own = map[string]uint16{
	"NODEAUDIT_THROTTLED":  2990,
	"NODEAUDIT_REPEATED":   2991,
	TypeLost:               numberLost,
	"NODEAUDIT_CHECKPOINT": 2993,
	TypeAccount:            NumberAccount,
	TypeTest:               numberTest,
	TypeActor:              NumberActor,
}

// OwnNumber returns the number of the agent's own type with this name, and whether it is one.
func OwnNumber(name string) (number uint16, is bool) {
	number, is = own[name]
	return number, is
}
