package grub

import (
	"maps"
	"slices"
)

// Bounds on what a configuration may cost.
const (
	stepLimit  = 20000
	entryLimit = 500
	menuLimit  = 8
	callLimit  = 16
)

// flow says how a list of statements ended.
type flow int

const (
	onward flow = iota
	broken      // break or continue
	returned
	ended // exit, or another way out of the menu
)

type runner struct {
	host      Host
	env       env
	functions map[string][]statement
	menu      Menu
	file      string // the one that is being run
	parent    *Entry // the submenu that is open
	entry     *Entry // the entry whose commands are being run
	unsure    int    // how many open conditions stand around
	depth     int
	steps     int
	once      string // next_entry of the environment block
}

func newRunner(host Host, start map[string]string) *runner {
	r := &runner{host: host, env: env{}, functions: map[string][]statement{}}
	for name, value := range start {
		r.env[name] = values{value}
	}
	return r
}

// doubt says that something could not be followed: for the entry that is being run, or for the whole menu.
func (r *runner) doubt(why string) {
	about := &r.menu.Doubt
	if r.entry != nil && !r.entry.Submenu {
		about = &r.entry.Doubt
	}
	if *about == "" {
		*about = why
	}
}

// run executes statements, and returns the outcome of the last.
func (r *runner) run(list []statement) (Truth, flow) {
	outcome := Yes
	for _, s := range list {
		if r.steps++; r.steps > stepLimit {
			r.doubt("it takes too many steps")
			return Maybe, ended
		}
		var how flow
		if outcome, how = r.statement(s); how != onward {
			return outcome, how
		}
	}
	return outcome, onward
}

func (r *runner) statement(s statement) (Truth, flow) {
	switch s.kind {
	case branch:
		return r.branch(s.conds, s.blocks)
	case loop:
		return r.loop(s)
	case function:
		for _, name := range flat(r.env.expand(s.words)) {
			r.functions[name] = s.blocks[0]
		}
		return Yes, onward
	default:
		return r.command(s)
	}
}

// flat returns the arguments where there is one possibility only.
func flat(lists [][]string) []string {
	if len(lists) != 1 {
		return nil
	}
	return lists[0]
}

// branch runs an if. Where its condition is open, both ways are gone, each with its own variables.
func (r *runner) branch(conds, blocks [][]statement) (Truth, flow) {
	if len(conds) == 0 {
		if len(blocks) == 0 {
			return Yes, onward
		}
		return r.run(blocks[0])
	}
	truth, how := r.run(conds[0])
	if how != onward {
		return truth, how
	}
	switch truth {
	case Yes:
		return r.run(blocks[0])
	case No:
		return r.branch(conds[1:], blocks[1:])
	default:
		return r.fork(func() (Truth, flow) { return r.run(blocks[0]) }, func() (Truth, flow) { return r.branch(conds[1:], blocks[1:]) })
	}
}

// fork goes several ways. What a way has set counts behind the fork only where that way leads on.
func (r *runner) fork(ways ...func() (Truth, flow)) (Truth, flow) {
	before := r.env
	var after env
	how := ended
	r.unsure++
	for _, way := range ways {
		r.env = maps.Clone(before)
		_, end := way()
		how = min(how, end)
		switch {
		case end != onward:
		case after == nil:
			after = r.env
		default:
			after = joined(after, r.env)
		}
	}
	r.unsure--
	if r.env = after; after == nil {
		r.env = before
	}
	return Maybe, how
}

// loop runs for over its words, and while and until as long as their condition is known.
func (r *runner) loop(s statement) (Truth, flow) {
	if s.words[0].literal() == "for" {
		return r.each(s)
	}
	for range altLimit {
		truth, how := r.run(s.conds[0])
		if how != onward {
			return truth, how
		}
		if truth == Maybe {
			break
		}
		if (truth == Yes) != (s.words[0].literal() == "while") {
			return Yes, onward
		}
		if _, how := r.run(s.blocks[0]); how != onward {
			return Maybe, outOfLoop(how)
		}
	}
	r.doubt("a loop whose end only GRUB knows")
	return Maybe, onward
}

func (r *runner) each(s statement) (Truth, flow) {
	lists := r.env.expand(s.words[1:])
	args := flat(lists)
	if len(args) == 0 || slices.Contains(args, anything) {
		r.doubt("a loop over what only GRUB knows")
		return Maybe, onward
	}
	list := args[1:]
	if len(list) > 0 && list[0] == "in" {
		list = list[1:]
	}
	for _, value := range list {
		r.env[args[0]] = values{value}
		if _, how := r.run(s.blocks[0]); how != onward {
			return Maybe, outOfLoop(how)
		}
	}
	return Yes, onward
}

func outOfLoop(how flow) flow {
	if how == broken {
		return onward
	}
	return how
}
