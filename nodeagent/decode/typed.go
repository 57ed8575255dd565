package decode

import (
	"strconv"
	"strings"

	"github.com/elastic/go-libaudit/v2/auparse"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// typed has the fields with a place of their own.
var typed = map[string]func(*event.Event, value){
	"arch":     func(e *event.Event, v value) { setText(&e.Arch, arch(v.raw)) },
	"syscall":  func(e *event.Event, v value) { setText(&e.Syscall, syscallName(e.Arch, v.raw)) },
	"success":  setResult,
	"res":      setResult,
	"exit":     setExit,
	"a0":       addSyscallArg,
	"a1":       addSyscallArg,
	"a2":       addSyscallArg,
	"a3":       addSyscallArg,
	"items":    func(*event.Event, value) {}, // the number of PATH records
	"pid":      func(e *event.Event, v value) { setID(&e.PID, v) },
	"ppid":     func(e *event.Event, v value) { setID(&e.PPID, v) },
	"auid":     func(e *event.Event, v value) { setID(&e.AUID, v) },
	"ses":      func(e *event.Event, v value) { setID(&e.Ses, v) },
	"uid":      func(e *event.Event, v value) { setID(&e.UID, v) },
	"gid":      func(e *event.Event, v value) { setID(&e.GID, v) },
	"euid":     func(e *event.Event, v value) { setID(&e.EUID, v) },
	"egid":     func(e *event.Event, v value) { setID(&e.EGID, v) },
	"suid":     func(e *event.Event, v value) { setID(&e.SUID, v) },
	"sgid":     func(e *event.Event, v value) { setID(&e.SGID, v) },
	"fsuid":    func(e *event.Event, v value) { setID(&e.FSUID, v) },
	"fsgid":    func(e *event.Event, v value) { setID(&e.FSGID, v) },
	"subj":     func(e *event.Event, v value) { setText(&e.Subj, v.raw) },
	"tty":      func(e *event.Event, v value) { setText(&e.TTY, v.raw) },
	"terminal": func(e *event.Event, v value) { setText(&e.TTY, v.raw) },
	"comm":     func(e *event.Event, v value) { setText(&e.Comm, v.text()) },
	"exe":      func(e *event.Event, v value) { setText(&e.Exe, v.text()) },
	"cwd":      func(e *event.Event, v value) { setText(&e.CWD, v.text()) },
	"key":      setKeys,
}

func setText(place *string, text string) {
	if *place == "" {
		*place = text
	}
}

// setID leaves out -1, by which the kernel says that there is none.
func setID(place *event.ID, v value) {
	number, err := strconv.ParseUint(v.raw, 10, 32)
	if err == nil && number != 1<<32-1 && place.IsZero() {
		*place = event.NewID(uint32(number))
	}
}

func setResult(e *event.Event, v value) {
	if e.Result != "" {
		return
	}
	switch v.raw {
	case "yes", "1", "success":
		e.Result = event.ResultSuccess
	case "no", "0", "failed":
		e.Result = event.ResultFailure
	}
}

func setExit(e *event.Event, v value) {
	exit, err := strconv.ParseInt(v.raw, 10, 64)
	if err == nil && e.Exit == nil {
		e.Exit = &exit
	}
}

func addSyscallArg(e *event.Event, v value) {
	if len(e.SyscallArgs) < 4 {
		e.SyscallArgs = append(e.SyscallArgs, v.raw)
	}
}

// setKeys splits at the byte by which the kernel joins the keys of one rule.
func setKeys(e *event.Event, v value) {
	if len(e.Keys) == 0 {
		e.Keys = strings.Split(v.text(), "\x01")
	}
}

func arch(text string) string {
	number, err := strconv.ParseUint(text, 16, 32)
	if err != nil {
		return text
	}
	return auparse.AuditArch(number).String()
}

func syscallName(arch, text string) string {
	number, err := strconv.Atoi(text)
	if err != nil {
		return text
	}
	if name, ok := auparse.AuditSyscalls[arch][number]; ok {
		return name
	}
	return text
}

// errno names the error that a failed call returned.
func errno(e *event.Event) string {
	if e.Exit == nil || *e.Exit >= 0 || *e.Exit < -4095 || e.Result != event.ResultFailure {
		return ""
	}
	return auparse.AuditErrnoToName[int(-*e.Exit)]
}

func path(text string) event.Path {
	var p event.Path
	for key, v := range fields(text) {
		if v.absent() {
			continue
		}
		switch key {
		case "name":
			p.Name = v.text()
		case "nametype":
			p.Nametype = v.raw
		case "inode":
			p.Inode = v.raw
		case "dev":
			p.Dev = v.raw
		case "mode":
			p.Mode = v.raw
		case "rdev":
			p.Rdev = v.raw
		case "ouid":
			setID(&p.OUID, v)
		case "ogid":
			setID(&p.OGID, v)
		}
	}
	return p
}

// appendArgs appends the arguments of one EXECVE record. An argument that is too long for one record is in pieces, a1[0], a1[1], …, which
// the kernel writes in order.
func appendArgs(args []string, text string) []string {
	for key, v := range fields(text) {
		if key == "argc" || strings.HasSuffix(key, "_len") {
			continue
		}
		piece, inPieces := strings.CutSuffix(key, "]")
		if inPieces && !strings.HasSuffix(piece, "[0") && len(args) > 0 {
			args[len(args)-1] += v.text()
			continue
		}
		args = append(args, v.text())
	}
	return args
}
