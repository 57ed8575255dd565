package expr

import (
	"maps"
	"slices"

	"github.com/google/cel-go/cel"
)

// variable is the name of the event in expressions, and of its type.
const variable = "event"

// Texts and numbers, and lists and maps of texts, are what fields hold besides objects.
var (
	text   = cel.StringType
	number = cel.IntType
	texts  = cel.ListType(cel.StringType)
	byName = cel.MapType(cel.StringType, cel.StringType)
)

// fields are the fields of each type by name. They are those of the JSON form, which docs/events.md explains; docs/routes.md lists them.
var fields = map[string]map[string]*cel.Type{
	variable: {
		"time": cel.TimestampType, "serial": number, "node": text, "type": text, "keys": texts, "result": text, "who": cel.ObjectType("who"),
		"arch": text, "syscall": text, "syscallArgs": texts, "syscallArgNames": byName, "exit": number, "errno": text,
		"pid": number, "ppid": number, "comm": text, "exe": text, "args": texts, "proctitle": text, "cwd": text, "tty": text,
		"auid": number, "ses": number, "uid": number, "gid": number, "euid": number, "egid": number,
		"suid": number, "sgid": number, "fsuid": number, "fsgid": number, "subj": text,
		"auidName": text, "uidName": text, "gidName": text, "euidName": text, "egidName": text,
		"suidName": text, "sgidName": text, "fsuidName": text, "fsgidName": text,
		"paths": cel.ListType(cel.ObjectType("path")), "socket": cel.ObjectType("socket"), "fields": byName, "fieldNames": byName,
	},
	"who": {
		"confidence": text, "namespace": text, "pod": text, "podUID": text, "container": text, "containerID": text, "image": text, "labels": byName,
		"source": text, "containerType": text, "imageID": text, "workload": cel.ObjectType("workload"),
		"unit": text, "slice": text, "session": text, "entered": cel.BoolType, "ancestors": cel.ListType(cel.ObjectType("ancestor")),
	},
	"path": {
		"name": text, "nametype": text, "inode": text, "dev": text, "mode": text, "rdev": text, "ouid": number, "ogid": number,
		"modeName": text, "ouidName": text, "ogidName": text, "obj": text, "capPermitted": text, "capInheritable": text, "capEffective": cel.BoolType,
	},
	"workload": {"kind": text, "name": text, "by": text},
	"ancestor": {"pid": number, "comm": text, "exe": text},
	"socket":   {"family": text, "address": text, "port": number, "path": text, "interface": number, "protocol": text, "groups": number, "data": text},
}

// Types returns the names of the types that have fields, and Fields those of one of them, sorted.
func Types() []string { return slices.Sorted(maps.Keys(fields)) }

// Fields returns the names of the fields of a type, sorted.
func Fields(of string) []string { return slices.Sorted(maps.Keys(fields[of])) }
