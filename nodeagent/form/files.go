package form

import (
	"path"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// files returns the file that something was done to, and where it was renamed the name that it got. Nil is none.
func files(e *event.Event) (subject, result *event.Path) {
	var made, gone, other *event.Path
	for i := range e.Paths {
		p := &e.Paths[i]
		switch p.Nametype {
		case "PARENT":
		case "CREATE":
			made = p
		case "DELETE":
			gone = p
		default:
			if other == nil {
				other = p
			}
		}
	}
	switch {
	case strings.HasPrefix(e.Syscall, "rename") && gone != nil: // a file that is replaced is gone too, but comes behind the one that moves
		return firstGone(e), made
	case made != nil:
		return made, nil
	case gone != nil:
		return gone, nil
	case other == nil && len(e.Paths) > 0:
		return &e.Paths[0], nil
	}
	return other, nil
}

func firstGone(e *event.Event) *event.Path {
	for i := range e.Paths {
		if e.Paths[i].Nametype == "DELETE" {
			return &e.Paths[i]
		}
	}
	return nil
}

// full returns the path from the root of the process where the records tell it, and otherwise the path as the process gave it. It is for one
// use: a path that has to be put together is new.
func full(e *event.Event, name string) string {
	if name == "" || name[0] == '/' || e.CWD == "" || !fromCWD(e) {
		return name
	}
	return path.Join(e.CWD, name)
}

// fromCWD says whether relative paths begin at the working directory: calls such as openat may be given another one.
func fromCWD(e *event.Event) bool {
	if !strings.HasSuffix(e.Syscall, "at") && !strings.HasSuffix(e.Syscall, "at2") {
		return true
	}
	at := 0
	if e.Syscall == "symlinkat" {
		at = 1
	}
	dir, known := hexArgument(e, at)
	return known && uint32(dir) == atFDCWD
}

const atFDCWD = 1<<32 - 100

// fileType is the type of a file by the bits of its mode.
type fileType struct {
	ecs  string
	ocsf int
	word string // of OCSF
}

var (
	regularFile = fileType{"file", 1, "Regular File"}
	unknownFile = fileType{"", 0, "Unknown"}
)

func typeOf(p *event.Path) fileType {
	mode, err := strconv.ParseUint(p.Mode, 8, 32)
	if err != nil {
		return unknownFile
	}
	switch mode & 0o170000 {
	case 0o100000:
		return regularFile
	case 0o040000:
		return fileType{"dir", 2, "Folder"}
	case 0o020000:
		return fileType{"character", 3, "Character Device"}
	case 0o060000:
		return fileType{"block", 4, "Block Device"}
	case 0o140000:
		return fileType{"socket", 5, "Local Socket"}
	case 0o010000:
		return fileType{"fifo", 6, "Named Pipe"}
	case 0o120000:
		return fileType{"symlink", 7, "Symbolic Link"}
	}
	return unknownFile
}

// permissions are the last four digits of a mode, 0644.
func permissions(mode string) string {
	if len(mode) > 4 {
		return mode[len(mode)-4:]
	}
	return mode
}

// base is the last part of a path, and the path itself where it has none.
func base(name string) string {
	trimmed := strings.TrimRight(name, "/")
	if trimmed == "" {
		return name
	}
	return trimmed[strings.LastIndexByte(trimmed, '/')+1:]
}

// directory is what stands before base.
func directory(name string) string {
	trimmed := strings.TrimRight(name, "/")
	at := strings.LastIndexByte(trimmed, '/')
	switch {
	case at > 0:
		return trimmed[:at]
	case at == 0:
		return "/"
	}
	return ""
}
