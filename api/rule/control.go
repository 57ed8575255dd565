package rule

import "strings"

// Settings are what the control lines of a rules file ask for. Nil is not asked for.
type Settings struct {
	// BacklogLimit is -b: records that the kernel queues.
	BacklogLimit *int64
	// RateLimit is -r: records a second.
	RateLimit *int64
	// FailureMode is -f: 0 silent, 1 printk, 2 panic.
	FailureMode *int
	// Enabled is -e: 0 or 1.
	Enabled *int
	// BacklogWaitTime is --backlog_wait_time, in jiffies.
	BacklogWaitTime *int64
	// LoginuidImmutable is --loginuid-immutable.
	LoginuidImmutable bool
}

// control reads a line of control options. It returns false where the line is none.
func (p *parser) control() bool {
	if !isControl(p.words[0].text) {
		return false
	}
	for p.next < len(p.words) && !p.failed {
		w := p.words[p.next]
		p.next++
		if !isControl(w.text) {
			p.fail(w.column, "write it on a line of its own", "word %q belongs to no option", w.text)
			return true
		}
		p.controlOption(w)
	}
	return true
}

// isControl says whether a word is an option that sets something and makes no rule.
func isControl(s string) bool {
	if strings.HasPrefix(s, "--") {
		name, _, _ := strings.Cut(s, "=")
		return name == "--loginuid-immutable" || name == "--backlog_wait_time"
	}
	return len(s) > 1 && s[0] == '-' && strings.IndexByte("bfre", s[1]) >= 0 || s == "-D" || s == "-i" || s == "-c"
}

func (p *parser) controlOption(w word) {
	switch w.text {
	case "-D":
		p.deleteAll(w.column)
	case "-i", "-c":
		p.warn(w.column, w.text+" is left out: a rule that a node refuses never keeps the others from loading")
	case "--loginuid-immutable":
		p.file.Settings.LoginuidImmutable = true
	default:
		p.number(w)
	}
}

// number reads an option that takes a number: behind it, or touching it.
func (p *parser) number(w word) {
	option, glued, isLong := strings.Cut(w.text, "=")
	if !isLong && !strings.HasPrefix(w.text, "--") {
		option, glued = w.text[:2], w.text[2:]
	}
	value := word{glued, w.column + len(w.text) - len(glued)}
	if glued == "" && p.next < len(p.words) {
		value = p.words[p.next]
		p.next++
	}
	n, ok := parseNumber(value.text)
	if !ok || int32(n) < 0 {
		p.fail(value.column, "write a number that is not negative", "%s takes a number, not %q", option, value.text)
		return
	}
	p.setting(option, value.column, int64(n))
}

func (p *parser) setting(option string, column int, n int64) {
	settings, small := &p.file.Settings, int(n)
	switch option {
	case "-b":
		settings.BacklogLimit = &n
	case "-r":
		settings.RateLimit = &n
	case "--backlog_wait_time":
		settings.BacklogWaitTime = &n
	case "-f":
		if n > 2 {
			p.fail(column, "write 0 (silent), 1 (printk) or 2 (panic)", "unknown failure mode %d", n)
			return
		}
		settings.FailureMode = &small
	case "-e":
		if n == 2 {
			p.fail(column, "remove the line and set spec.kernel.immutable: true, which locks only when the rules are in", "-e 2 would lock the audit system")
			return
		}
		if n > 1 {
			p.fail(column, "write 0 or 1", "unknown value %d of -e", n)
			return
		}
		settings.Enabled = &small
	}
}
