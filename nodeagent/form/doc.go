// Package form writes events in the forms that others read: the native JSON form, the Elastic Common Schema, the schema of OCSF, OpenTelemetry
// log records, the text of audit.log, and lines for people.
//
// An *event.Event goes in, bytes or attributes come out. It is pure, keeps nothing of an event and needs no memory of its own. What a form has
// no place for stays in it as the raw records, so that no form loses anything; only the lines for people do. docs/forms.md has the tables.
package form
