// Package decode reads the text of audit records.
//
// An event.Group goes in, an *event.Event comes out, always: what is not understood stays in the event's raw records, unknown types and
// fields included. It is pure: it reads no files, and what users and groups are called it asks Names. It has tables of its own for all other
// names, which hack/gentables writes, and goes over each record once.
package decode
