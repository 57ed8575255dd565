package main

import (
	"fmt"
	"math"
	"os/user"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/index"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
)

// filterFlags are the options that say what is searched for. An empty one asks nothing.
type filterFlags struct {
	types                                                []string
	serial, pid, ppid, session, exit                     string
	uidAll, uid, euid, loginUID                          string
	gidAll, gid, egid                                    string
	key, exe, comm, file, syscall, success, tty, context string
	start, end                                           string
	namespace, pod, container, node                      string
	word                                                 bool
}

func (f *filterFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.types, "message", "m", nil, "types of records, with commas; ALL is each")
	for _, o := range []struct {
		place             *string
		name, short, help string
	}{
		{&f.serial, "event", "a", "serial of the event"},
		{&f.key, "key", "k", "key of the rule, or a part of it"},
		{&f.pid, "pid", "p", "process"},
		{&f.ppid, "ppid", "", "(-pp) parent process"},
		{&f.uidAll, "uid-all", "", "(-ua) user id, effective one or that of the login, as a number or name"},
		{&f.uid, "uid", "", "(-ui) user id"},
		{&f.euid, "uid-effective", "", "(-ue) effective user id"},
		{&f.loginUID, "loginuid", "", "(-ul) user id of the login; unset or -1 where nobody logged in"},
		{&f.gidAll, "gid-all", "", "(-ga) group id or effective one"},
		{&f.gid, "gid", "", "(-gi) group id"},
		{&f.egid, "gid-effective", "", "(-ge) effective group id"},
		{&f.exe, "executable", "x", "path of the program, or a part of it"},
		{&f.comm, "comm", "c", "name of the thread, or a part of it"},
		{&f.file, "file", "f", "path of a file, working directory or unix socket, or a part of it"},
		{&f.syscall, "syscall", "", "(-sc) name or number of the system call"},
		{&f.success, "success", "", "(-sv) yes or no"},
		{&f.exit, "exit", "e", "what the call returned: a number or an error as EACCES"},
		{&f.session, "session", "", "number of the login session"},
		{&f.tty, "terminal", "", "(-tm) terminal, or a part of it"},
		{&f.context, "context", "", "(-se) security label of the process or of a file, or a part of it"},
		{&f.start, "start", "", "(-ts) earliest time"},
		{&f.end, "end", "", "(-te) latest time"},
		{&f.namespace, "namespace", "", "namespace of the pod; here and in the next three * and ? stand for others"},
		{&f.pod, "pod", "", "pod"},
		{&f.container, "container", "", "container in the pod"},
		{&f.node, "node", "n", "node"},
	} {
		flags.StringVarP(o.place, o.name, o.short, "", o.help)
	}
	flags.BoolVarP(&f.word, "word", "w", false, "texts must match whole, where a part of them would do")
}

// filter is what is searched for: conditions that each must hold, and what an index is asked for them.
type filter struct {
	conditions []func(e *event.Event) bool
	query      index.Query
	literals   literals
	word       bool
	err        error
}

// matches says whether an event is searched for.
func (w *filter) matches(e *event.Event) bool {
	for _, holds := range w.conditions {
		if !holds(e) {
			return false
		}
	}
	return true
}

func (w *filter) add(holds func(e *event.Event) bool) { w.conditions = append(w.conditions, holds) }

// compile makes a filter of the options.
func (f *filterFlags) compile(now time.Time) (*filter, error) {
	w := &filter{query: index.All(), word: f.word}
	w.times(f.start, f.end, now)
	w.recordTypes(f.types)
	w.serial(f.serial)
	w.id("--pid", f.pid, []index.Number{index.PID}, func(e *event.Event) []event.ID { return []event.ID{e.PID} })
	w.id("--ppid", f.ppid, []index.Number{index.PPID}, func(e *event.Event) []event.ID { return []event.ID{e.PPID} })
	w.id("--session", f.session, []index.Number{index.Session}, func(e *event.Event) []event.ID { return []event.ID{e.Ses} })
	w.id("-ua", userID(f.uidAll), []index.Number{index.UID, index.EUID, index.AUID}, func(e *event.Event) []event.ID { return []event.ID{e.UID, e.EUID, e.AUID} })
	w.id("-ui", userID(f.uid), []index.Number{index.UID}, func(e *event.Event) []event.ID { return []event.ID{e.UID} })
	w.id("-ue", userID(f.euid), []index.Number{index.EUID}, func(e *event.Event) []event.ID { return []event.ID{e.EUID} })
	w.id("-ul", userID(f.loginUID), []index.Number{index.AUID}, func(e *event.Event) []event.ID { return []event.ID{e.AUID} })
	w.id("-ga", groupID(f.gidAll), nil, func(e *event.Event) []event.ID { return []event.ID{e.GID, e.EGID} })
	w.id("-gi", groupID(f.gid), nil, func(e *event.Event) []event.ID { return []event.ID{e.GID} })
	w.id("-ge", groupID(f.egid), nil, func(e *event.Event) []event.ID { return []event.ID{e.EGID} })
	w.texts(f)
	w.call(f)
	return w, w.err
}

func (w *filter) fail(option, value, want string) {
	if w.err == nil {
		w.err = fmt.Errorf("%s %s: %s", option, value, want)
	}
}

func (w *filter) times(start, end string, now time.Time) {
	first, last := int64(math.MinInt64), int64(math.MaxInt64)
	for _, limit := range []struct {
		option, text string
		isEnd        bool
	}{{"-ts", start, false}, {"-te", end, true}} {
		if limit.text == "" {
			continue
		}
		at, err := moment(limit.text, now, limit.isEnd)
		switch {
		case err != nil:
			w.fail(limit.option, limit.text, err.Error())
			return
		case limit.isEnd:
			last = at.Unix()*1000 + 999 // the second is included
		default:
			first = at.Unix() * 1000
		}
	}
	if start == "" && end == "" {
		return
	}
	w.query.From, w.query.To = first, last
	w.add(func(e *event.Event) bool {
		return !e.Time.IsZero() && e.Time.UnixMilli() >= first && e.Time.UnixMilli() <= last
	})
}

// recordTypes asks for a record of one of the types.
func (w *filter) recordTypes(lists []string) {
	wanted := map[string]bool{}
	for _, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			name = strings.ToUpper(strings.TrimSpace(name))
			if number, err := strconv.ParseUint(name, 10, 16); err == nil {
				name = event.TypeName(uint16(number))
			}
			_, known := event.TypeNumber(name)
			_, own := event.OwnNumber(name)
			if !known && !own && name != "ALL" && name != logfile.BrokenType {
				w.fail("-m", name, "there is no type of this name")
			}
			wanted[name] = true
		}
	}
	if len(lists) == 0 || wanted["ALL"] {
		return
	}
	w.add(func(e *event.Event) bool {
		return wanted[e.Type] || slices.ContainsFunc(e.Records, func(r event.Record) bool { return wanted[r.TypeName] })
	})
	if len(wanted) == 1 && !wanted[logfile.BrokenType] {
		for name := range wanted {
			w.literals.part(name)
		}
	}
	if !wanted[logfile.BrokenType] {
		w.query.Texts = append(w.query.Texts, index.TextCondition{Field: index.Type, Holds: func(value []byte) bool { return wanted[string(value)] }})
	}
}

func (w *filter) serial(text string) {
	if text == "" {
		return
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		w.fail("-a", text, "it is the number of an event")
	}
	w.query.Serial, w.query.SerialAsked = uint32(n), true
	w.literals.part(strconv.FormatUint(n, 10))
	w.add(func(e *event.Event) bool { return e.Serial == uint32(n) })
}

// id asks for a number that one of the ids has.
func (w *filter) id(option, text string, fields []index.Number, ids func(e *event.Event) []event.ID) {
	if text == "" {
		return
	}
	if text == "-1" || text == "unset" || text == "4294967295" { // an id that is there is none of these
		w.add(func(e *event.Event) bool {
			return !e.PID.IsZero() && slices.ContainsFunc(ids(e), event.ID.IsZero)
		})
		return
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		w.fail(option, text, "it is a number, or the name of somebody whom this machine knows")
	}
	w.literals.part(strconv.FormatUint(n, 10))
	if fields != nil {
		w.query.Numbers = append(w.query.Numbers, index.NumberCondition{Fields: fields, Value: uint32(n)})
	}
	w.add(func(e *event.Event) bool {
		return slices.ContainsFunc(ids(e), func(id event.ID) bool { return id.Is(uint32(n)) })
	})
}

// userID makes a number of the name of a user that this machine knows.
func userID(text string) string {
	if known, err := user.Lookup(text); err == nil {
		return known.Uid
	}
	return text
}

func groupID(text string) string {
	if known, err := user.LookupGroup(text); err == nil {
		return known.Gid
	}
	return text
}

// texts adds what is asked of texts: of the first ones a part, of the others a pattern.
func (w *filter) texts(f *filterFlags) {
	part := strings.Contains
	for _, text := range []string{f.key, f.exe, f.comm, f.file, f.tty, f.context} {
		w.literals.part(text)
	}
	if f.word {
		part = func(value, wanted string) bool { return value == wanted }
	}
	w.text(f.key, index.Key, part, func(e *event.Event) []string { return e.Keys })
	w.text(f.exe, index.Exe, part, func(e *event.Event) []string { return []string{e.Exe} })
	w.text(f.comm, index.Comm, part, func(e *event.Event) []string { return []string{e.Comm} })
	w.text(f.file, -1, part, filesOf)
	w.text(f.tty, -1, part, func(e *event.Event) []string { return []string{e.TTY} })
	w.text(f.context, -1, part, labelsOf)
	for _, pattern := range []string{f.namespace, f.pod, f.container, f.node} {
		if _, err := path.Match(pattern, ""); err != nil {
			w.fail("pattern", pattern, err.Error())
		}
		w.literals.pattern(pattern)
	}
	like := func(value, pattern string) bool {
		matches, err := path.Match(pattern, value)
		return matches && err == nil
	}
	w.text(f.namespace, index.Namespace, like, func(e *event.Event) []string { return []string{e.Who.Namespace} })
	w.text(f.pod, index.Pod, like, func(e *event.Event) []string { return []string{e.Who.Pod} })
	w.text(f.container, index.Container, like, func(e *event.Event) []string { return []string{e.Who.Container} })
	w.text(f.node, index.Node, like, func(e *event.Event) []string { return []string{e.Node} })
}

// text asks for a text that is there. A field below 0 is in no index.
func (w *filter) text(wanted string, field index.Text, is func(value, wanted string) bool, values func(e *event.Event) []string) {
	if wanted == "" {
		return
	}
	holds := func(value string) bool { return value != "" && is(value, wanted) }
	w.add(func(e *event.Event) bool { return slices.ContainsFunc(values(e), holds) })
	if field >= 0 {
		w.query.Texts = append(w.query.Texts, index.TextCondition{Field: field, Holds: func(value []byte) bool { return holds(string(value)) }})
	}
}

// filesOf are the names by which an event speaks of files.
func filesOf(e *event.Event) []string {
	all := []string{e.CWD}
	for i := range e.Paths {
		all = append(all, e.Paths[i].Name)
	}
	if e.Socket != nil {
		all = append(all, e.Socket.Path)
	}
	for _, name := range []string{"path", "name", "dir", "file", "watch"} {
		value, _ := e.Fields.Get(name)
		all = append(all, value)
	}
	return all
}

// labelsOf are the security labels of an event.
func labelsOf(e *event.Event) []string {
	all := []string{e.Subj}
	for i := range e.Paths {
		all = append(all, e.Paths[i].Obj)
	}
	for _, name := range []string{"scontext", "tcontext", "obj"} {
		value, _ := e.Fields.Get(name)
		all = append(all, value)
	}
	return all
}

// call adds what is asked of the system call and its result.
func (w *filter) call(f *filterFlags) {
	if name := f.syscall; name != "" {
		if _, err := strconv.Atoi(name); err == nil {
			w.add(func(e *event.Event) bool {
				return slices.ContainsFunc(e.Records, func(r event.Record) bool { return strings.Contains(r.Data, " syscall="+name+" ") })
			})
		} else {
			w.literals.part(name)
			w.text(name, index.Syscall, func(value, wanted string) bool { return value == wanted }, func(e *event.Event) []string { return []string{e.Syscall} })
		}
	}
	switch f.success {
	case "":
	case "yes":
		w.add(func(e *event.Event) bool { return e.Result == event.ResultSuccess })
	case "no":
		w.add(func(e *event.Event) bool { return e.Result == event.ResultFailure })
	default:
		w.fail("-sv", f.success, "it is yes or no")
	}
	if f.exit != "" {
		name := strings.TrimPrefix(f.exit, "-")
		w.add(func(e *event.Event) bool {
			return e.Errno != "" && e.Errno == name || e.Exit != nil && strconv.FormatInt(*e.Exit, 10) == f.exit
		})
	}
}
