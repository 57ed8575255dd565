// Package rule is the audit rule language: the text that auditctl(8) takes, the typed rule, its canonical form, and the bytes of struct
// audit_rule_data that the kernel takes (include/uapi/linux/audit.h).
//
// Text comes in, rules and problems with line and column go out; a rule and what the host says about paths, users and groups give the
// bytes. The package is pure: it reads no file, looks nothing up by itself and never talks to the kernel.
package rule
