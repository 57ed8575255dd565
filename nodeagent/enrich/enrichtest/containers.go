// Package enrichtest makes what tests and measurements of package enrich need of a real kernel: control groups with the names of pods and
// containers, and processes in them that live for less than a millisecond.
//
// What is made carries the number of the running process in its name, and Close takes it away again.
package enrichtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Containers are groups named as a kubelet with cgroupfs names those of containers, in every hierarchy that is mounted.
type Containers struct {
	// All are the containers, in the order of their numbers.
	All   []Container
	trees []string
}

// Container is one of them.
type Container struct {
	// PodUID and ID are those that its groups are named after.
	PodUID, ID string
	dirs       []string
}

// NewContainers makes so many containers, each in a pod of its own.
func NewContainers(count int) (*Containers, error) {
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	c := &Containers{}
	for _, root := range roots {
		c.trees = append(c.trees, filepath.Join(root, "nodeaudit-test-"+strconv.Itoa(os.Getpid())))
	}
	for i := range count {
		made := Container{PodUID: fmt.Sprintf("05b102bf-8744-4942-a241-%012x", i), ID: fmt.Sprintf("%064x", i+1)}
		for _, tree := range c.trees {
			dir := filepath.Join(tree, "kubepods/burstable/pod"+made.PodUID, made.ID)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, errors.Join(fmt.Errorf("making a control group: %w", err), c.Close())
			}
			made.dirs = append(made.dirs, dir)
		}
		c.All = append(c.All, made)
	}
	return c, nil
}

// hierarchies returns where version 2 and those controllers of version 1 are mounted that a process can join without further ado.
func hierarchies() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if dash < 6 || !strings.HasPrefix(fields[4], "/sys/fs/cgroup") {
			continue
		}
		options := strings.Split(fields[dash+3], ",")
		if fields[dash+1] == "cgroup2" || (fields[dash+1] == "cgroup" && (slices.Contains(options, "memory") || slices.Contains(options, "pids"))) {
			found = append(found, fields[4])
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no control groups are mounted")
	}
	return found, nil
}

// Close removes the groups. A process that has just ended keeps its group for a moment.
func (c *Containers) Close() error {
	var err error
	for range 100 {
		if err = c.remove(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func (c *Containers) remove() error {
	var failed []error
	for _, tree := range c.trees {
		var dirs []string
		_ = filepath.WalkDir(tree, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			failed = append(failed, os.Remove(dir))
		}
	}
	return errors.Join(failed...)
}

// Remove removes the groups of one container, whose processes are gone.
func (c Container) Remove() error {
	var err error
	for range 100 {
		var failed []error
		for _, dir := range c.dirs {
			if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
				failed = append(failed, err)
			}
		}
		if err = errors.Join(failed...); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// join moves a process into the groups.
func join(dirs []string, pid int) error {
	for _, dir := range dirs {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o600); err != nil {
			return fmt.Errorf("joining a control group: %w", err)
		}
	}
	return nil
}
