package boot

import (
	"strconv"
	"strings"
)

// Audit says whether a kernel that is started with a command line audits from its beginning on.
type Audit string

// The values of Audit. Off is also a command line that says nothing of audit: such a kernel audits only when a daemon tells it to.
const (
	On      Audit = "on"      // from the beginning
	Off     Audit = "off"     // not by the command line
	Mixed   Audit = "mixed"   // some entries on, some off; a single command line never is
	Unknown Audit = "unknown" // something that decides could not be read
)

// reading is what the kernel makes of the audit parameters of one command line.
type reading struct {
	audit    Audit
	disabled bool    // audit=0: no daemon can turn it on until the next reboot
	backlog  *uint32 // nil: none given, or none that the kernel can read

	wrote      string   // the value that turned it on, as written
	badBacklog string   // a value that the kernel ignores
	ignored    []string // words that look like the parameter and are none
	late       []string // parameters behind "--", which go to init
	bootconfig bool     // more parameters come from the initial ram disk
}

// readCmdline reads a command line as audit_enable and audit_backlog_limit_set of kernel/audit.c do since 4.16. One audit=0 wins over every
// audit=1, before or behind it, because it closes the subsystem at once. The last readable backlog limit wins.
func readCmdline(line string) reading {
	r := reading{audit: Off}
	kernel, init := parameters(line)
	for _, p := range kernel {
		switch {
		case p.is("audit") && p.valued:
			r.enable(p.value)
		case p.is("audit_backlog_limit") && p.valued:
			r.limit(p.value)
		case p.is("bootconfig"):
			r.bootconfig = true
		case looksLikeAudit(p):
			r.ignored = append(r.ignored, p.String())
		}
	}
	for _, p := range init {
		if looksLikeAudit(p) {
			r.late = append(r.late, p.String())
		}
	}
	if r.disabled {
		r.audit = Off
	}
	return r
}

// enable takes one audit=. Everything but 0 and off is on, with a complaint of the kernel where it is neither 1 nor on.
func (r *reading) enable(value string) {
	if value == "0" || strings.EqualFold(value, "off") {
		r.disabled = true
		return
	}
	r.audit, r.wrote = On, value
}

func (r *reading) limit(value string) {
	n, ok := kernelUint(value)
	if !ok {
		r.badBacklog = value
		return
	}
	r.backlog = &n
}

// looksLikeAudit finds what somebody has written for audit=1: a bare word, or large letters.
func looksLikeAudit(p parameter) bool {
	name := strings.ToLower(strings.ReplaceAll(p.name, "-", "_"))
	return name == "audit" || name == "audit_backlog_limit"
}

// String returns the word as it would be written.
func (p parameter) String() string {
	if !p.valued {
		return p.name
	}
	return p.name + "=" + p.value
}

// kernelUint reads a number as kstrtouint(…, 0, …) does: decimal, octal behind 0, hexadecimal behind 0x, with a plus sign if one likes. Unlike
// strconv's base 0 it knows neither 0b and 0o nor underscores.
func kernelUint(text string) (uint32, bool) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "+"), "\n")
	digits, base := text, 10
	if strings.HasPrefix(text, "0") {
		base = 8
		if len(text) > 2 && (text[1] == 'x' || text[1] == 'X') {
			digits, base = text[2:], 16
		}
	}
	if strings.ContainsAny(digits[:min(len(digits), 1)], "+-") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return uint32(n), err == nil
}
