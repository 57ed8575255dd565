// Package logfile reads audit logs that were written by somebody: files of auditd, journals, kernel logs, the agent's own files.
//
// Bytes come in, also compressed ones, records with their place in the file go out, and nothing is lost on the way: a line that is none of an
// audit log becomes a record of its own, with an error that says what is wrong with it. The memory that it takes does not grow with the
// log. It interprets nothing but where a record begins, and puts nothing together.
package logfile
