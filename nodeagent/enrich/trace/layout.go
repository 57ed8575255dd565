//go:build linux

package trace

import (
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// layout is where this kernel has the fields that the programs read.
type layout struct {
	task struct {
		pid, tgid, comm, start, parent, leader, groups, signal, number int16
		audit                                                          int16 // 0 where the kernel audits no system calls
	}
	audit struct {
		time int16
	}
	signal struct {
		live, flags int16
	}
	number struct {
		level int16
	}
	set struct {
		unified int16 // css_set.dfl_cgrp
		subsys  int16
	}
	subsys struct {
		group int16
	}
	group struct {
		node, root int16
	}
	node struct {
		id int16
	}
	root struct {
		hierarchy int16
	}
	controllers map[string]int16 // offsets in css_set.subsys
}

// findLayout reads the kernel's BTF.
func findLayout(spec *btf.Spec) (layout, error) {
	var l layout
	f := finder{spec: spec}
	l.task.pid = f.offset("task_struct", "pid")
	l.task.tgid = f.offset("task_struct", "tgid")
	l.task.comm = f.offset("task_struct", "comm")
	l.task.start = f.offset("task_struct", "start_boottime", "real_start_time")
	l.task.parent = f.offset("task_struct", "real_parent")
	l.task.leader = f.offset("task_struct", "group_leader")
	l.task.groups = f.offset("task_struct", "cgroups")
	l.task.signal = f.offset("task_struct", "signal")
	l.task.number = f.offset("task_struct", "thread_pid")
	l.number.level = f.offset("pid", "level")
	l.signal.live = f.offset("signal_struct", "live")
	l.signal.flags = f.offset("signal_struct", "flags")
	l.set.unified = f.offset("css_set", "dfl_cgrp")
	l.set.subsys = f.offset("css_set", "subsys")
	l.subsys.group = f.offset("cgroup_subsys_state", "cgroup")
	l.group.node = f.offset("cgroup", "kn")
	l.group.root = f.offset("cgroup", "root")
	l.node.id = f.offset("kernfs_node", "id")
	l.root.hierarchy = f.offset("cgroup_root", "hierarchy_id")
	l.controllers = f.controllers(l.set.subsys)
	l.findAudit(spec)
	return l, f.err
}

// findAudit looks for the time that the audit system keeps of a call. A kernel that audits no system calls has none, and later ones keep it with
// the serial.
func (l *layout) findAudit(spec *btf.Spec) {
	f := finder{spec: spec}
	task := f.offset("task_struct", "audit_context")
	at := f.offset("audit_context", "stamp", "ctime")
	if f.err == nil {
		l.task.audit, l.audit.time = task, at
	}
}

// finder keeps the first error.
type finder struct {
	spec *btf.Spec
	err  error
}

// offset returns where a structure has a field, which may have had another name in earlier kernels.
func (f *finder) offset(structure string, names ...string) int16 {
	var found *btf.Struct
	if err := f.spec.TypeByName(structure, &found); err != nil {
		f.fail(fmt.Errorf("looking for struct %s in the kernel's BTF: %w", structure, err))
		return 0
	}
	for _, name := range names {
		if bytes, ok := memberOffset(found.Members, name); ok && bytes < 1<<15 {
			return int16(bytes)
		}
	}
	f.fail(fmt.Errorf("struct %s of this kernel has no field %s", structure, names[0]))
	return 0
}

// memberOffset looks into structures and unions without a name too: the kernel has them for the compiler's sake only.
func memberOffset(members []btf.Member, name string) (uint32, bool) {
	for _, m := range members {
		if m.Name == name {
			return m.Offset.Bytes(), true
		}
		if m.Name != "" {
			continue
		}
		var inner []btf.Member
		switch t := m.Type.(type) {
		case *btf.Struct:
			inner = t.Members
		case *btf.Union:
			inner = t.Members
		}
		if bytes, ok := memberOffset(inner, name); ok {
			return m.Offset.Bytes() + bytes, true
		}
	}
	return 0, false
}

// controllers returns where css_set has the pointer of each controller. Its index is the number in an enumeration that depends on how the
// kernel was built.
func (f *finder) controllers(array int16) map[string]int16 {
	var enum *btf.Enum
	if err := f.spec.TypeByName("cgroup_subsys_id", &enum); err != nil {
		f.fail(fmt.Errorf("looking for the controllers in the kernel's BTF: %w", err))
		return nil
	}
	found := map[string]int16{}
	for _, value := range enum.Values {
		found[value.Name] = array + int16(8*value.Value)
	}
	return found
}

func (f *finder) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}
