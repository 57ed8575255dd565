package decode

import (
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// field is a field with a place of its own in an event.
type field uint8

const (
	otherField field = iota
	archField
	syscallField
	resultField
	exitField
	argumentField
	itemsField // the number of PATH records
	pidField
	ppidField
	auidField
	sesField
	uidField
	gidField
	euidField
	egidField
	suidField
	sgidField
	fsuidField
	fsgidField
	subjField
	ttyField
	commField
	exeField
	cwdField
	keyField
)

// fieldOf returns the field of a name.
func fieldOf(name string) field {
	switch name {
	case "arch":
		return archField
	case "syscall":
		return syscallField
	case "success", "res":
		return resultField
	case "exit":
		return exitField
	case "a0", "a1", "a2", "a3":
		return argumentField
	case "items":
		return itemsField
	case "pid":
		return pidField
	case "ppid":
		return ppidField
	case "auid":
		return auidField
	case "ses":
		return sesField
	case "uid":
		return uidField
	case "gid":
		return gidField
	case "euid":
		return euidField
	case "egid":
		return egidField
	case "suid":
		return suidField
	case "sgid":
		return sgidField
	case "fsuid":
		return fsuidField
	case "fsgid":
		return fsgidField
	case "subj":
		return subjField
	case "tty", "terminal":
		return ttyField
	case "comm":
		return commField
	case "exe":
		return exeField
	case "cwd":
		return cwdField
	case "key":
		return keyField
	}
	return otherField
}

// callOrder is the order in which the kernel writes the fields of a system call: audit_log_exit and audit_log_task_info. Some may be left out.
var callOrder = func() (order []expected) {
	for name := range strings.FieldsSeq(`arch syscall success exit a0 a1 a2 a3 items ppid pid auid uid gid euid suid fsuid egid sgid fsgid tty ses comm exe
		subj key`) {
		order = append(order, expected{name + "=", fieldOf(name)})
	}
	return order
}()

// expected is a field that is likely to come next.
type expected struct {
	name  string // with the equals sign
	field field
}

// readCall is readFields for a system call: where the fields come in the kernel's order, nobody searches for their names.
func (d *Decoder) readCall(kind uint16, s *scanner, result *event.Result) {
	for i := range callOrder {
		if e := &callOrder[i]; s.expect(e.name) && !s.absent() {
			d.take(e.field, kind, s, result)
		}
	}
	d.readFields(kind, s, result)
}

// readFields reads a record in which fields have no order and no number. The first record that has one counts.
func (d *Decoder) readFields(kind uint16, s *scanner, result *event.Result) {
	for s.next() {
		if s.enriched {
			d.readName(s)
		} else if !s.absent() {
			d.take(fieldOf(s.key), kind, s, result)
		}
	}
}

// take puts a field where it belongs.
func (d *Decoder) take(f field, kind uint16, s *scanner, result *event.Result) {
	e := &d.event
	switch f {
	case otherField:
		d.addField(kind, s)
	case archField:
		set(&d.call.arch, s.raw)
	case syscallField:
		set(&d.call.syscall, s.raw)
	case resultField:
		setResult(result, s.raw)
	case exitField:
		d.setExit(s.raw)
	case argumentField:
		if len(e.SyscallArgs) < 4 {
			e.SyscallArgs = append(e.SyscallArgs, s.raw)
		}
	case itemsField:
	case pidField:
		setID(&e.PID, s)
	case ppidField:
		setID(&e.PPID, s)
	case auidField:
		setID(&e.AUID, s)
	case sesField:
		setID(&e.Ses, s)
	case uidField:
		setID(&e.UID, s)
	case gidField:
		setID(&e.GID, s)
	case euidField:
		setID(&e.EUID, s)
	case egidField:
		setID(&e.EGID, s)
	case suidField:
		setID(&e.SUID, s)
	case sgidField:
		setID(&e.SGID, s)
	case fsuidField:
		setID(&e.FSUID, s)
	case fsgidField:
		setID(&e.FSGID, s)
	case subjField:
		set(&e.Subj, s.raw)
	case ttyField:
		set(&e.TTY, s.raw)
	case commField:
		d.setText(&e.Comm, s)
	case exeField:
		d.setText(&e.Exe, s)
	case cwdField:
		d.setText(&e.CWD, s)
	case keyField:
		d.setKeys(s)
	}
}

func set(place *string, text string) {
	if *place == "" {
		*place = text
	}
}

func (d *Decoder) setText(place *string, s *scanner) {
	if *place == "" {
		*place = d.made.text(s)
	}
}

// setID leaves out -1, by which the kernel says that there is none.
func setID(place *event.ID, s *scanner) {
	if number, ok := s.number(); ok && number != 1<<32-1 && place.IsZero() {
		*place = event.NewID(number)
	}
}

func setResult(place *event.Result, raw string) {
	if *place != "" {
		return
	}
	switch raw {
	case "yes", "1", "success":
		*place = event.ResultSuccess
	case "no", "0", "failed":
		*place = event.ResultFailure
	}
}

func (d *Decoder) setExit(raw string) {
	if d.event.Exit != nil {
		return
	}
	if exit, err := strconv.ParseInt(raw, 10, 64); err == nil {
		d.exit = exit
		d.event.Exit = &d.exit
	}
}

// setKeys splits at the byte by which the kernel joins the keys of one rule.
func (d *Decoder) setKeys(s *scanner) {
	e := &d.event
	if len(e.Keys) > 0 {
		return
	}
	for key := range strings.SplitSeq(d.made.text(s), "\x01") {
		e.Keys = append(e.Keys, key)
	}
}

// fewFields are as many as are searched one by one for a name that is there already.
const fewFields = 32

// addField puts a field among the others that have no place of their own.
func (d *Decoder) addField(kind uint16, s *scanner) {
	e := &d.event
	if d.taken(s.key) {
		return
	}
	value := s.raw
	if isChosen(s.key) {
		value = d.made.text(s)
	} else if name := d.meaning(kind, s); name != "" {
		e.FieldNames = append(e.FieldNames, event.Field{Name: s.key, Value: name})
	}
	e.Fields = append(e.Fields, event.Field{Name: s.key, Value: value})
}

// taken says whether there is a field of this name.
func (d *Decoder) taken(name string) bool {
	fields := d.event.Fields
	if len(fields) <= fewFields {
		_, found := fields.Get(name)
		return found
	}
	if len(fields) == fewFields+1 || d.seen == nil {
		d.seen = make(map[string]bool, 2*len(fields))
		for i := range fields {
			d.seen[fields[i].Name] = true
		}
	}
	found := d.seen[name]
	d.seen[name] = true
	return found
}

// isChosen says whether somebody other than the kernel chooses the text of a field, so that it may be in hexadecimal.
func isChosen(name string) bool {
	switch name {
	case "acct", "cgroup", "cmd", "data", "device", "dir", "file", "grp", "invalid_context", "name", "new-chardev", "new-disk", "new-fs", "new-rng",
		"new_group", "ocomm", "old-chardev", "old-disk", "old-fs", "old-rng", "path", "peer_profile", "profile", "root_dir", "sw", "vm", "watch":
		return true
	}
	return false
}
