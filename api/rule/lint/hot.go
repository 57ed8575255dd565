package lint

import (
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// frequent are the system calls that nearly every program makes many times a second.
var frequent = strings.Fields(`read write readv writev pread64 pwrite64 open openat close stat fstat lstat newfstatat fstatat64 statx access faccessat
	lseek mmap mmap2 munmap mprotect brk futex poll ppoll select pselect6 epoll_wait epoll_pwait epoll_ctl recvfrom sendto recvmsg sendmsg recvmmsg
	sendmmsg ioctl fcntl getdents64 readlink readlinkat clock_gettime clock_nanosleep nanosleep rt_sigaction rt_sigprocmask sched_yield getpid
	gettid madvise dup dup2 dup3 pipe2`)

// hot finds rules that record calls of which there are very many.
func (s *set) hot() {
	for i := range s.entries {
		e := &s.entries[i]
		if !e.known || e.parts.List != listExit || e.parts.Never || slices.ContainsFunc(e.parts.Fields, narrows) {
			continue
		}
		if e.all && e.field(fieldPerm) != nil {
			s.tell(hotRule, e.rule, "add a path or a user", "it records every access of its kind to every file")
			continue
		}
		if e.all {
			if arch := e.field(fieldArch); arch == nil || arch.Value&arch64 != 0 {
				s.tell(hotRule, e.rule, "name system calls, or add a path or a user", "it records every system call of every program")
			}
			continue
		}
		if calls := e.frequentCalls(); len(calls) > 0 {
			s.tell(hotRule, e.rule, "add a path, a user or success=0", "every program calls %s all the time, and each call is recorded", list(calls))
		}
	}
}

// narrows says whether a condition leaves out a good part of the events.
func narrows(f rule.Part) bool {
	switch f.Field {
	case fieldArch, fieldKey, fieldPers, fieldPerm, fieldType:
		return false
	case fieldSuccess:
		return f.Op == opEqual && f.Value == 0 || f.Op == opNotEqual && f.Value != 0
	case fieldAuid, fieldSession:
		return f.Op != opNotEqual || f.Value == unset
	}
	return f.Op != opNotEqual
}

func (e *entry) frequentCalls() []string {
	var calls []string
	for _, name := range e.names {
		if slices.Contains(frequent, name) && !slices.Contains(calls, name) {
			calls = append(calls, name)
		}
	}
	return calls
}

// list joins words for a sentence, and names a few only.
func list(words []string) string {
	const most = 3
	if len(words) > most {
		words = append(slices.Clone(words[:most]), "others")
	}
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
