package trace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// hierarchy is one tree of control groups.
type hierarchy struct {
	dir        string // where it is mounted for this process
	number     int    // the kernel's, 0 for version 2
	controller string // of version 1
}

// hierarchies are those that are watched. One of them at least is there.
type hierarchies struct {
	unified, legacy *hierarchy
}

// preferred are controllers of version 1 in which every runtime makes a group for every container, the likeliest first.
var preferred = []string{"memory", "pids", "cpu", "devices", "freezer", "cpuset"}

// findHierarchies looks for the host's hierarchies: those that are mounted below its root.
func findHierarchies(hostRoot string) (hierarchies, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return hierarchies{}, fmt.Errorf("looking for the control groups: %w", err)
	}
	// There is no such file where the kernel has no version 1.
	numbers, _ := os.ReadFile("/proc/cgroups")
	found := chooseHierarchies(string(mounts), string(numbers), filepath.Join("/", hostRoot))
	if found.unified == nil && found.legacy == nil {
		return found, errors.New("no control groups are mounted below " + filepath.Join("/", hostRoot))
	}
	return found, nil
}

// chooseHierarchies reads the texts of /proc/self/mountinfo and /proc/cgroups.
func chooseHierarchies(mounts, numbers, hostRoot string) hierarchies {
	var found hierarchies
	best := len(preferred)
	numberOf := parseNumbers(numbers)
	for line := range strings.Lines(mounts) {
		dir, kind, options, ok := parseMount(line)
		if !ok || !below(dir, hostRoot) {
			continue
		}
		if kind == "cgroup2" && found.unified == nil {
			found.unified = &hierarchy{dir: dir}
		}
		for _, controller := range options {
			rank := slices.Index(preferred, controller)
			if number := numberOf[controller]; kind == "cgroup" && rank >= 0 && rank < best && number > 0 {
				best, found.legacy = rank, &hierarchy{dir: dir, number: number, controller: controller}
			}
		}
	}
	return found
}

// below says whether a mount is the host's: in the folder where the kernel's file systems are.
func below(dir, hostRoot string) bool {
	return strings.HasPrefix(dir, filepath.Join(hostRoot, "sys/fs/cgroup"))
}

// parseMount reads a line of mountinfo: its fields, a variable number of optional ones, a dash, the type, the source, the options.
func parseMount(line string) (dir, kind string, options []string, ok bool) {
	fields := strings.Fields(line)
	dash := slices.Index(fields, "-")
	if dash < 6 || len(fields) < dash+4 {
		return "", "", nil, false
	}
	return fields[4], fields[dash+1], strings.Split(fields[dash+3], ","), true
}

// parseNumbers reads the number of each controller's hierarchy. It is 0 where the controller is not in use or of version 2.
func parseNumbers(text string) map[string]int {
	found := map[string]int{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if number, err := strconv.Atoi(fields[1]); err == nil {
			found[fields[0]] = number
		}
	}
	return found
}
