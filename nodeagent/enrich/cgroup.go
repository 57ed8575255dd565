package enrich

import (
	"slices"
	"strings"
)

// place is what a control group tells. The zero value is the host.
type place struct {
	podUID      string
	containerID string
}

// ParseCgroup reads the text of /proc/PID/cgroup, of either version, and returns the UID of the pod, for a static pod the hash of its
// configuration, and the id of the container. Both are empty for a process of the host. A pod without a container is the runtime's monitor of
// one of its containers; a container without a pod is one of Docker, Podman or containerd alone.
func ParseCgroup(text string) (podUID, containerID string) {
	found := parseGroups(text)
	return found.podUID, found.containerID
}

// parseGroups reads the lines of one process. On a node with both versions one of them may hold the root only: the line that says most counts.
func parseGroups(text string) reading {
	var best reading
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		best.take(parts[2])
	}
	return best.final()
}

// reading is what the groups of one process say.
type reading struct {
	place
	unit  *unit // nil where systemd has none
	known bool
}

// take looks at one more path.
func (r *reading) take(path string) {
	if found := parsePath(path); found.weight() > r.weight() {
		r.place = found
	}
	if found := unitOf(path); r.unit == nil && found != (unit{}) {
		r.unit = &found
	}
}

// final leaves units to the host: the scope of a container says no more than the container's id.
func (r *reading) final() reading {
	if r.place != (place{}) {
		r.unit = nil
	}
	return *r
}

// weight orders what the lines of one process say.
func (p place) weight() int {
	weight := 0
	if p.podUID != "" {
		weight += 2
	}
	if p.containerID != "" {
		weight++
	}
	return weight
}

// parsePath reads one control group: the innermost pod, and the container right below it. Whatever the container makes below itself is
// its own affair, Docker inside of a pod too.
func parsePath(path string) place {
	// The kernel says so of a zombie whose group has been removed.
	parts := strings.Split(strings.TrimSuffix(path, " (deleted)"), "/")
	for i := range slices.Backward(parts) {
		uid, container := podOf(parts, i)
		if uid == "" {
			continue
		}
		if container == "" && i+1 < len(parts) {
			container = containerOf(parts[i+1])
		}
		return place{podUID: uid, containerID: container}
	}
	return place{containerID: outermost(parts)}
}

// outermost returns the container of a path without a pod.
func outermost(parts []string) string {
	for _, part := range parts {
		if id := containerOf(part); id != "" {
			return id
		}
	}
	return ""
}

// containerOf reads the group of a container: an id alone, or one with the runtime's name before it and .scope behind it.
func containerOf(part string) string {
	name := strings.TrimSuffix(part, ".scope")
	runtime, id := "", name
	if cut := strings.LastIndexAny(name, "-:"); cut >= 0 {
		runtime, id = name[:cut], name[cut+1:]
	}
	// crio-conmon- and libpod-conmon- are the monitor of the container, a process of the host.
	if len(id) != 64 || !isHex(id) || strings.HasSuffix(runtime, "conmon") {
		return ""
	}
	return id
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}
