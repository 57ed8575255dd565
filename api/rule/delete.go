package rule

import (
	"fmt"
	"slices"
)

// delete takes a rule away that stands above, as the kernel would: it must be the same in all but its place in the list.
func (p *parser) delete(r Rule) {
	before := len(p.file.Rules)
	p.file.Rules = slices.DeleteFunc(p.file.Rules, r.same)
	if len(p.file.Rules) == before {
		p.warn(1, "no rule above is the same, so nothing is deleted")
	}
}

// deleteAll reads what follows -D and takes away the rules above, or those of them that have a key.
func (p *parser) deleteAll(column int) {
	key := ""
	if p.next+1 < len(p.words) && p.words[p.next].text == "-k" {
		key = p.words[p.next+1].text
		p.next += 2
	}
	before := len(p.file.Rules)
	p.file.Rules = slices.DeleteFunc(p.file.Rules, func(r Rule) bool { return key == "" || slices.Contains(r.keys, key) })
	switch deleted := before - len(p.file.Rules); {
	case deleted > 0:
		p.warn(column, fmt.Sprintf("-D deletes %d of the rules above: put it first if they shall stay", deleted))
	case key != "":
		p.warn(column, "no rule above has the key, so nothing is deleted")
	default:
		p.warn(column, "-D is left out: only rules that no policy declares any more are deleted, see spec.unmanagedRules")
	}
}

// same says whether the kernel takes the two for one rule. Names are compared as they are written: which number they mean is up to the host.
func (r Rule) same(other Rule) bool {
	return r.list == other.list && r.action == other.action && r.watch == other.watch && r.all == other.all &&
		slices.Equal(r.fields, other.fields) && slices.Equal(r.keys, other.keys) && slices.Equal(callSet(r), callSet(other))
}

// callSet are the rule's system calls in an order of their own.
func callSet(r Rule) []string {
	if r.all {
		return nil
	}
	names := make([]string, len(r.syscalls))
	for i, call := range r.syscalls {
		names[i] = call.String()
	}
	slices.Sort(names)
	return slices.Compact(names)
}
