// Package web posts records to HTTP servers.
//
// Bodies come in, and go out as requests over connections that are kept; the server's answer becomes nil or an error that says whose fault it is,
// in the words of package export. It knows no server's own protocol, and repeats nothing.
package web
