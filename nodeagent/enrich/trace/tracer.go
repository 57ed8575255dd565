//go:build linux

package trace

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
)

// Tracer answers from what its programs have noted. It is for one goroutine.
type Tracer struct {
	collection *ebpf.Collection
	links      []link.Link
	processes  *ebpf.Map
	groups     *groups
	clock      clock

	// The key and the row of a lookup, here so that they are made once.
	pid    uint32
	record record
}

var _ enrich.Tracer = (*Tracer)(nil)

// Open loads the programs and attaches them; from then on they note. It needs CAP_BPF and CAP_PERFMON, before Linux 5.8 CAP_SYS_ADMIN, and
// a kernel with BTF, from 5.8 on. The host's control groups are looked for below hostRoot.
func Open(hostRoot string, log *slog.Logger) (*Tracer, error) {
	return open(hostRoot, log, func(*ebpf.CollectionSpec) {})
}

// open changes what is loaded, for tests.
func open(hostRoot string, log *slog.Logger, change func(*ebpf.CollectionSpec)) (*Tracer, error) {
	// Only kernels before 5.11 count the tables as locked memory; where this may not be raised, creating them says so.
	_ = rlimit.RemoveMemlock()
	hierarchies, err := findHierarchies(hostRoot)
	if err != nil {
		return nil, err
	}
	b, err := newBuilder(hierarchies)
	if err != nil {
		return nil, err
	}
	spec := b.collection()
	change(spec)
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, fmt.Errorf("loading the eBPF programs that follow processes: %w", err)
	}
	t := &Tracer{collection: collection, processes: collection.Maps[processesTable], clock: newClock()}
	t.groups = newGroups(collection.Maps[groupsTable], hierarchies, log)
	if err := t.attach(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	t.groups.walk()
	return t, nil
}

// newBuilder fits the programs to the kernel.
func newBuilder(found hierarchies) (*builder, error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("reading the kernel's BTF: %w", err)
	}
	b := &builder{}
	if b.layout, err = findLayout(spec); err != nil {
		return nil, err
	}
	if h := found.legacy; h != nil {
		b.hierarchy, b.legacy = int32(h.number), b.controllers[h.controller+"_cgrp_id"]
		if b.legacy == 0 {
			return nil, fmt.Errorf("the controller %s of cgroup version 1 is not in the kernel's BTF", h.controller)
		}
	}
	return b, nil
}

// attach begins with the groups and ends with the forks: what is noted of a process needs its groups.
func (t *Tracer) attach() error {
	for _, at := range tracepoints {
		attached, err := link.AttachTracing(link.TracingOptions{Program: t.collection.Programs[at]})
		if err != nil {
			return fmt.Errorf("attaching the eBPF program to %s: %w", at, err)
		}
		t.links = append(t.links, attached)
	}
	return nil
}

// Close takes the programs out of the kernel and forgets what they noted.
func (t *Tracer) Close() error {
	var failed []error
	for _, l := range t.links {
		failed = append(failed, l.Close())
	}
	t.links = nil
	t.collection.Close()
	return errors.Join(failed...)
}
