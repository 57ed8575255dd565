package event

// Clone returns a copy of the event that shares no slice with it, in as few pieces of memory as possible. Texts and labels are shared: they
// are never changed.
func (e *Event) Clone() *Event {
	c := &copied{Event: *e}
	texts := make([]string, 0, len(e.Keys)+len(e.SyscallArgs)+len(e.Args))
	c.Keys, texts = part(texts, e.Keys)
	c.SyscallArgs, texts = part(texts, e.SyscallArgs)
	c.Args, _ = part(texts, e.Args)
	fields := make(Fields, 0, len(e.SyscallArgNames)+len(e.Fields)+len(e.FieldNames))
	c.SyscallArgNames, fields = part(fields, e.SyscallArgNames)
	c.Fields, fields = part(fields, e.Fields)
	c.FieldNames, _ = part(fields, e.FieldNames)
	c.Paths = append([]Path(nil), e.Paths...)
	c.Records = append(make([]Record, 0, len(e.Records)), e.Records...)
	if e.Exit != nil {
		c.exit, c.Exit = *e.Exit, &c.exit
	}
	if e.Socket != nil {
		c.Socket = new(*e.Socket)
	}
	return &c.Event
}

// copied has the event and what it points to in one piece.
type copied struct {
	Event
	exit int64
}

// part copies items behind those in all, and returns the copy alone.
func part[S ~[]E, E any](all, items S) (copied, rest S) {
	if len(items) == 0 {
		return nil, all
	}
	at := len(all)
	all = append(all, items...)
	return all[at:len(all):len(all)], all
}
