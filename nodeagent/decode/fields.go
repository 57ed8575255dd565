package decode

import (
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// readFields reads a record in which fields have no order and no number. The first record that has one counts.
func (d *Decoder) readFields(kind uint16, s *scanner, result *event.Result) {
	e := &d.event
	for s.next() {
		if s.enriched {
			d.readName(s)
			continue
		}
		if s.absent() {
			continue
		}
		switch s.key {
		case "arch":
			set(&d.call.arch, s.raw)
		case "syscall":
			set(&d.call.syscall, s.raw)
		case "success", "res":
			setResult(result, s.raw)
		case "exit":
			d.setExit(s.raw)
		case "a0", "a1", "a2", "a3":
			if len(e.SyscallArgs) < 4 {
				e.SyscallArgs = append(e.SyscallArgs, s.raw)
			}
		case "items": // the number of PATH records
		case "pid":
			setID(&e.PID, s)
		case "ppid":
			setID(&e.PPID, s)
		case "auid":
			setID(&e.AUID, s)
		case "ses":
			setID(&e.Ses, s)
		case "uid":
			setID(&e.UID, s)
		case "gid":
			setID(&e.GID, s)
		case "euid":
			setID(&e.EUID, s)
		case "egid":
			setID(&e.EGID, s)
		case "suid":
			setID(&e.SUID, s)
		case "sgid":
			setID(&e.SGID, s)
		case "fsuid":
			setID(&e.FSUID, s)
		case "fsgid":
			setID(&e.FSGID, s)
		case "subj":
			set(&e.Subj, s.raw)
		case "tty", "terminal":
			set(&e.TTY, s.raw)
		case "comm":
			d.setText(&e.Comm, s)
		case "exe":
			d.setText(&e.Exe, s)
		case "cwd":
			d.setText(&e.CWD, s)
		case "key":
			d.setKeys(s)
		default:
			d.addField(kind, s)
		}
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
