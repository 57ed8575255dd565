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

// control reads a control line. It returns false where the line is none.
func (p *parser) control(settings *Settings) bool {
	w := p.words[0]
	option, glued := w.text, ""
	if len(option) > 2 && strings.IndexByte("bfreDic", option[1]) >= 0 && option[0] == '-' && option[1] != '-' {
		option, glued = option[:2], option[2:]
	}
	switch option {
	case "-D":
		p.warn(w.column, "-D is left out: only rules that no policy declares any more are deleted, see spec.unmanagedRules")
		return true
	case "-i", "-c":
		p.warn(w.column, option+" is left out: a rule that a node refuses never keeps the others from loading")
		return true
	case "--loginuid-immutable":
		settings.LoginuidImmutable = true
		return true
	case "-b", "-r", "-f", "-e", "--backlog_wait_time":
	default:
		return false
	}
	value := word{glued, w.column + 2}
	rest := p.words[1:]
	if glued == "" && len(rest) > 0 {
		value, rest = rest[0], rest[1:]
	}
	n, ok := parseNumber(value.text)
	switch {
	case !ok || int32(n) < 0:
		p.fail(value.column, "write a number that is not negative", "%s takes a number, not %q", option, value.text)
	case len(rest) > 0:
		p.fail(rest[0].column, "remove it", "word %q belongs to no option", rest[0].text)
	default:
		p.setting(settings, option, value.column, int64(n))
	}
	return true
}

func (p *parser) setting(settings *Settings, option string, column int, n int64) {
	small := int(n)
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
