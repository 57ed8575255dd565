// Package decode reads the text of audit records.
//
// An event.Group goes in, an *event.Event comes out, always: what is not understood stays in the event's raw records, unknown types and
// fields included. It is pure, it resolves no user names and reads no files. It uses go-libaudit's tables of names, but not its parser of
// fields, which ends a value at the wrong quote after a backslash and loses all of a record for one empty argument.
package decode
