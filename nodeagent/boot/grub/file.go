package grub

import (
	"fmt"
	"path"
	"strings"
)

// source runs another file in the place of the command.
func (r *runner) source(args []string) (Truth, flow) {
	if len(args) != 1 || strings.Contains(args[0], anything) {
		r.doubt("it reads a file whose name only GRUB knows")
		return Maybe, onward
	}
	text, err := r.host.Read(args[0])
	if isMissing(err) {
		return No, onward
	}
	if err != nil {
		r.doubt(fmt.Sprintf("it reads another file: %v", err))
		return Maybe, onward
	}
	return r.include(args[0], text)
}

func (r *runner) include(file string, text []byte) (Truth, flow) {
	script, err := parse(string(text))
	if err != nil {
		r.doubt(plain(file) + ": " + err.Error())
		return Maybe, onward
	}
	if r.depth++; r.depth > callLimit {
		r.depth--
		r.doubt("files read each other without an end")
		return Maybe, ended
	}
	r.steps += len(text) / 64 // what reading costs
	outer := r.file
	r.file = plain(file)
	r.menu.Files = append(r.menu.Files, r.file)
	result, how := r.run(script)
	r.file = outer
	r.depth--
	return result, how
}

// configfile hands over to another configuration, with an empty menu. A file that is missing gives an empty menu as well, which is told.
func (r *runner) configfile(args []string) (Truth, flow) {
	if len(args) != 1 {
		r.doubt("it hands over to another configuration that only GRUB knows")
		return Maybe, ended
	}
	if r.entry == nil && r.unsure == 0 {
		r.menu.Entries = nil
	}
	if r.entry != nil {
		r.parent = r.entry
	}
	before := r.env.get("config_directory")
	r.env["config_directory"] = values{path.Dir(args[0])}
	result, how := r.source(args)
	r.env["config_directory"] = before
	if result == No && how == onward {
		r.doubt("it hands over to " + plain(args[0]) + ", which is not there")
	}
	if how == returned || how == onward {
		how = ended
	}
	return result, how
}

// plain is a path for people, without open values.
func plain(file string) string {
	return strings.NewReplacer("("+oneWord+")", "", anything, "?", oneWord, "").Replace(file)
}
