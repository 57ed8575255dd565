package decode

import "github.com/nodeaudit/nodeaudit/nodeagent/event"

// readName reads a field that auditd added to the record: the name of what is a number before it.
func (d *Decoder) readName(s *scanner) {
	e := &d.event
	switch s.key {
	case "AUID":
		setName(&e.AUIDName, e.AUID, s)
	case "UID":
		setName(&e.UIDName, e.UID, s)
	case "GID":
		setName(&e.GIDName, e.GID, s)
	case "EUID":
		setName(&e.EUIDName, e.EUID, s)
	case "EGID":
		setName(&e.EGIDName, e.EGID, s)
	case "SUID":
		setName(&e.SUIDName, e.SUID, s)
	case "SGID":
		setName(&e.SGIDName, e.SGID, s)
	case "FSUID":
		setName(&e.FSUIDName, e.FSUID, s)
	case "FSGID":
		setName(&e.FSGIDName, e.FSGID, s)
	case "ARCH", "SYSCALL": // they are in our own tables
	default:
		d.addName(s)
	}
}

// setName leaves out the name of an id that is absent, which auditd calls unset.
func setName(place *string, id event.ID, s *scanner) {
	if !id.IsZero() && !s.absent() && *place == "" {
		*place = s.raw
	}
}

// nameUsers asks for the names that the records do not have.
func (d *Decoder) nameUsers(e *event.Event) {
	if d.Names == nil {
		return
	}
	d.nameUser(&e.AUIDName, e.AUID)
	d.nameUser(&e.UIDName, e.UID)
	same(&e.EUIDName, e.EUID, e.UIDName, e.UID)
	same(&e.SUIDName, e.SUID, e.UIDName, e.UID)
	same(&e.FSUIDName, e.FSUID, e.UIDName, e.UID)
	d.nameUser(&e.EUIDName, e.EUID)
	d.nameUser(&e.SUIDName, e.SUID)
	d.nameUser(&e.FSUIDName, e.FSUID)
	d.nameGroup(&e.GIDName, e.GID)
	same(&e.EGIDName, e.EGID, e.GIDName, e.GID)
	same(&e.SGIDName, e.SGID, e.GIDName, e.GID)
	same(&e.FSGIDName, e.FSGID, e.GIDName, e.GID)
	d.nameGroup(&e.EGIDName, e.EGID)
	d.nameGroup(&e.SGIDName, e.SGID)
	d.nameGroup(&e.FSGIDName, e.FSGID)
}

// same saves the question for an id that has just been asked for: most processes have the same four.
func same(place *string, id event.ID, known string, of event.ID) {
	if *place == "" && id == of {
		*place = known
	}
}

func (d *Decoder) nameUser(place *string, id event.ID) {
	if number, present := id.Get(); present && *place == "" && d.Names != nil {
		*place = d.Names.User(number)
	}
}

func (d *Decoder) nameGroup(place *string, id event.ID) {
	if number, present := id.Get(); present && *place == "" && d.Names != nil {
		*place = d.Names.Group(number)
	}
}
