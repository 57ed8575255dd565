package enrich

import (
	"slices"
	"strings"
)

const kubepods = "kubepods"

// podOf reads parts[i] as the group of a pod, in one of three forms. The third holds the container as well.
//
//	kubepods-burstable-pod<uid with underscores>.slice                          the kubelet with systemd
//	pod<uid>                                                                    the kubelet with cgroupfs
//	kubepods-burstable-pod<uid with underscores>.slice:cri-containerd:<id>      the kubelet with systemd, the runtime without
func podOf(parts []string, i int) (uid, containerID string) {
	part := parts[i]
	if slice, rest, ok := strings.Cut(part, ".slice"); ok && (rest == "" || rest[0] == ':') {
		return podOfSlice(slice), containerOf(rest)
	}
	uid, ok := strings.CutPrefix(part, "pod")
	if !ok || !isUID(uid) {
		return "", ""
	}
	if slices.Contains(parts[:i], kubepods) || relative(parts) {
		return uid, ""
	}
	return "", ""
}

// podOfSlice reads the name of a slice; systemd puts the names of all slices above before its own. A kubelet below another group, as kind
// has it, puts that one's name in front.
func podOfSlice(name string) string {
	above, uid, ok := cutLast(name, "-pod")
	if !ok || !slices.Contains(strings.Split(above, "-"), kubepods) {
		return ""
	}
	uid = strings.ReplaceAll(uid, "_", "-")
	if !isUID(uid) {
		return ""
	}
	return uid
}

// relative says whether the path begins outside the reader's own cgroup namespace, so that kubepods may be above what is shown.
func relative(parts []string) bool {
	return len(parts) > 1 && parts[0] == "" && parts[1] == ".."
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// isUID knows both kinds: a UUID, and the hash of a static pod.
func isUID(s string) bool {
	switch len(s) {
	case 32:
		return isHex(s)
	case 36:
		groups := strings.Split(s, "-")
		return len(groups) == 5 && len(groups[0]) == 8 && len(groups[1]) == 4 && len(groups[2]) == 4 && len(groups[3]) == 4 &&
			isHex(strings.Join(groups, ""))
	}
	return false
}
