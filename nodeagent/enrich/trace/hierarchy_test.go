package trace

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChooseHierarchies(t *testing.T) {
	const (
		v2     = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
		host   = "900 800 0:26 /../../.. /host/sys/fs/cgroup ro shared:4 master:1 - cgroup2 cgroup2 rw\n"
		own    = "901 801 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
		tmpfs  = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		cpu    = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
		memory = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		named  = "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
		hybrid = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		none   = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t99\t1\ncpu\t0\t99\t1\n"
		first  = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t4\t127\t1\ncpu\t2\t9\t1\n"
	)
	both := func(unified, legacy *hierarchy) hierarchies { return hierarchies{unified: unified, legacy: legacy} }
	for _, test := range []struct {
		name, mounts, numbers, root string
		want                        hierarchies
	}{
		{"version 2", v2, none, "/", both(&hierarchy{dir: "/sys/fs/cgroup"}, nil)},
		{"an agent in a container looks at the host's", own + host, none, "/host", both(&hierarchy{dir: "/host/sys/fs/cgroup"}, nil)},
		{
			"both versions", tmpfs + cpu + memory + named + hybrid, first, "/",
			both(&hierarchy{dir: "/sys/fs/cgroup/unified"}, &hierarchy{"/sys/fs/cgroup/memory", 4, "memory"}),
		},
		{"version 1 without memory", tmpfs + cpu + named, first, "/", both(nil, &hierarchy{"/sys/fs/cgroup/cpu,cpuacct", 2, "cpu"})},
		{"nothing but systemd's", tmpfs + named, first, "/", hierarchies{}},
		{"nothing below the root", v2, none, "/host", hierarchies{}},
		{"no lines of the kernel", "a b - c\n\n-\n", "x\n", "/", hierarchies{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := chooseHierarchies(test.mounts, test.numbers, test.root)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(hierarchies{}, hierarchy{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzChooseHierarchies(f *testing.F) {
	f.Add("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "memory\t4\t127\t1\n", "/")
	f.Add("30 23 0:26 / /host/sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n", "", "/host")
	f.Fuzz(func(t *testing.T, mounts, numbers, root string) {
		found := chooseHierarchies(mounts, numbers, root)
		if l := found.legacy; l != nil && (l.number <= 0 || l.controller == "") {
			t.Errorf("%+v", l)
		}
	})
}
