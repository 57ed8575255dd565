package lint

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// unknown finds rules that name what the target does not have.
func (s *set) unknown() {
	for i := range s.entries {
		e := &s.entries[i]
		if s.Machine != "" && e.err != nil {
			s.lacking(e)
			continue
		}
		if e.parts.List == listURing && olderThan(s.Kernel, "5.16") {
			s.tell(unknownToKernel, e.rule, "leave it out", "Linux %s has no io_uring list: it came with 5.16", s.Kernel)
		}
		s.tooNew(e)
	}
}

func (s *set) lacking(e *entry) {
	lacks := (*rule.ResolveError)(nil)
	if errors.As(e.err, &lacks) {
		s.tell(unknownToKernel, e.rule, "leave it out, or write the rule for other nodes", "%s has no %s %s, so the rule is not loaded", s.Machine, lacks.Kind, lacks.Name)
	}
}

func (s *set) tooNew(e *entry) {
	if e.parts.List != listExit || s.Kernel == "" {
		return
	}
	for _, name := range e.names {
		if since := sinceKernel(name); since != "" && olderThan(s.Kernel, since) {
			s.tell(unknownToKernel, e.rule, "nothing needs to be done if other nodes have it", "%s came with Linux %s, so it never happens on %s", name, since, s.Kernel)
		}
	}
}

// newCalls are the system calls that came since 5.1, by the version, see syscalls(2).
var newCalls = map[string]string{
	"5.1": "pidfd_send_signal io_uring_setup io_uring_enter io_uring_register", "5.2": "open_tree move_mount fsopen fsconfig fsmount fspick",
	"5.3": "pidfd_open clone3", "5.6": "openat2 pidfd_getfd", "5.8": "faccessat2", "5.9": "close_range", "5.10": "process_madvise",
	"5.11": "epoll_pwait2", "5.12": "mount_setattr", "5.13": "landlock_create_ruleset landlock_add_rule landlock_restrict_self",
	"5.14": "memfd_secret quotactl_fd", "5.15": "process_mrelease", "5.16": "futex_waitv", "5.17": "set_mempolicy_home_node", "6.5": "cachestat",
	"6.6": "fchmodat2 map_shadow_stack", "6.7": "futex_wake futex_wait futex_requeue",
	"6.8": "statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules", "6.10": "mseal",
	"6.13": "setxattrat getxattrat listxattrat removexattrat", "6.15": "open_tree_attr", "6.17": "file_getattr file_setattr", "6.19": "listns",
}

func sinceKernel(name string) string {
	for version, names := range newCalls {
		if slices.Contains(strings.Fields(names), name) {
			return version
		}
	}
	return ""
}

// olderThan compares the first two numbers of kernel versions. What is not known is not older.
func olderThan(kernel, version string) bool {
	if kernel == "" {
		return false
	}
	have, want := numbers(kernel), numbers(version)
	return slices.Compare(have[:], want[:]) < 0
}

func numbers(version string) (found [2]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		if i == len(found) {
			break
		}
		if end := strings.IndexFunc(part, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
			part = part[:end]
		}
		found[i], _ = strconv.Atoi(part)
	}
	return found
}
