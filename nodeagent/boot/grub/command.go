package grub

import (
	"maps"
	"slices"
	"strings"
)

// command runs one command, in each form that its words may have.
func (r *runner) command(s statement) (Truth, flow) {
	if len(s.words) == 0 {
		return Yes, onward
	}
	if name, value, ok := assignment(s.words[0]); ok {
		r.assign(name, value)
		return Yes, onward
	}
	lists := r.env.expand(s.words)
	if len(lists) == 1 {
		return r.call(lists[0], s)
	}
	if set := s.words[0].literal(); set == "set" || set == "test" || set == "[" || set == "menuentry" || set == "submenu" {
		return r.several(set, lists, s)
	}
	ways := make([]func() (Truth, flow), 0, len(lists))
	for _, args := range lists {
		ways = append(ways, func() (Truth, flow) { return r.call(args, s) })
	}
	return r.fork(ways...)
}

// several runs the commands for which many possibilities need no fork.
func (r *runner) several(name string, lists [][]string, s statement) (Truth, flow) {
	switch name {
	case "set":
		r.set(lists)
		return Yes, onward
	case "menuentry", "submenu":
		r.offer(lists[0], s) // the title or the class differ; what it boots is the same
		return Yes, onward
	default:
		first := r.test(lists[0])
		for _, args := range lists[1:] {
			if r.test(args) != first {
				return Maybe, onward
			}
		}
		return first, onward
	}
}

// call runs a command whose words are known.
func (r *runner) call(args []string, s statement) (Truth, flow) {
	if len(args) == 0 {
		return Yes, onward
	}
	if args[0] == "!" {
		truth, how := r.call(args[1:], s)
		return not(truth), how
	}
	if body, ok := r.functions[args[0]]; ok {
		return r.invoke(body, args)
	}
	switch name := args[0]; name {
	case "set":
		r.set([][]string{args})
	case "unset":
		for _, variable := range args[1:] {
			r.env[variable] = values{""}
		}
	case "menuentry", "submenu":
		r.offer(args, s)
	case "[", "test":
		return r.test(args), onward
	case "true":
	case "false":
		return No, onward
	case "export", "insmod", "echo", "terminal_input", "terminal_output", "save_env", "initrd", "initrd16", "initrdefi", "sleep", "clear":
		return Maybe, onward
	case "break", "continue":
		return Yes, broken
	case "return":
		return Yes, returned
	case "exit", "halt", "reboot", "fwsetup", "boot":
		return Yes, ended
	default:
		return r.boot(args)
	}
	return Yes, onward
}

// boot runs the commands that read files or name a kernel.
func (r *runner) boot(args []string) (Truth, flow) {
	switch name := args[0]; {
	case name == "source" || name == ".":
		return r.source(args[1:])
	case name == "configfile" || name == "normal" || name == "extract_entries_configfile":
		return r.configfile(args[1:])
	case name == "load_env":
		r.loadEnv(args[1:])
	case name == "blscfg":
		r.blscfg(args[1:])
	case name == "linux" || name == "linux16" || name == "linuxefi":
		r.linux(args[1:])
	case name == "module" || name == "module2":
		r.module(args[1:])
	case name == "chainloader" && r.entry != nil && len(args) > 1:
		r.entry.Chain = args[len(args)-1]
	case isOpen(name) || name == "eval" || name == "uki" || name == "kexec":
		r.doubt("the command " + strings.Trim(name, anything+oneWord) + " runs what only GRUB knows")
	default:
		r.other(args)
	}
	return Maybe, onward
}

// invoke runs a function with its arguments as $1 and so on.
func (r *runner) invoke(body []statement, args []string) (Truth, flow) {
	if r.depth++; r.depth > callLimit {
		r.doubt("functions call each other without an end")
		r.depth--
		return Maybe, ended
	}
	names := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}
	before := map[string]values{}
	for i, name := range names {
		before[name] = r.env.get(name)
		r.env[name] = values{""}
		if i+1 < len(args) {
			r.env[name] = values{args[i+1]}
		}
	}
	truth, how := r.run(body)
	maps.Copy(r.env, before)
	r.depth--
	if how == returned {
		how = onward
	}
	return truth, how
}

// other is a command that sets variables at most: to a device or an id where it searches, to anything else where it asks.
func (r *runner) other(args []string) {
	found := anything
	if strings.HasPrefix(args[0], "search") || strings.HasPrefix(args[0], "gptprio.") {
		found = oneWord
		r.env["root"] = values{oneWord}
	}
	if args[0] == "gptpriority" {
		r.open(args[len(args)-1], found, args)
	}
	for i, arg := range args[1:] {
		name, value, ok := strings.Cut(arg, "=")
		switch {
		case ok && name == "--set":
			r.open(value, found, args)
		case args[0] == "read" || strings.HasPrefix(args[0], "search.") || slices.Contains([]string{"-s", "--set", "-d", "-u", "-v"}, before(args[1:], i)):
			r.open(arg, found, args)
		}
	}
}

func before(args []string, i int) string {
	if i == 0 {
		return ""
	}
	return args[i-1]
}

// open gives a variable a value that only GRUB knows. A device that is searched by its label keeps the label, so that its files can be found.
func (r *runner) open(variable, found string, args []string) {
	if _, name, ok := strings.Cut(variable, ":"); ok { // regexp --set 1:name
		variable = name
	}
	if variable == "" || strings.ContainsFunc(variable, func(c rune) bool { return c > 127 || !isName(byte(c), false) }) {
		return
	}
	if i := slices.IndexFunc(args, isLabel); found == oneWord && i > 0 && i+1 < len(args) && !isOpen(args[i+1]) {
		found = oneWord + args[i+1] + oneWord
	}
	r.env[variable] = values{found}
}

func isLabel(arg string) bool { return arg == "--label" || arg == "-l" || arg == "--part-label" }
