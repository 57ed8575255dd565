// Package file is the sink that writes to a file on the node and rotates it by size.
//
// What comes in are events, what goes out are JSON lines as event.AppendLine makes them: in audit.log, and before that in audit.log.1 (the
// newest) to audit.log.N, with .gz where they are packed, and then an index with .idx
// beside it. No line is ever torn or written twice while the agent lives; one that a crash
// tore is ended, so that only this one is unreadable. The package follows the name and not the file: when somebody moves or deletes the
// file, it begins a new one. It never follows a symbolic link, and never touches a file whose name is not one of those above.
//
// With a chain (package chain) it writes checkpoints between the lines; one that cannot be written keeps no event waiting.
package file
