//go:build linux

package footprint

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smaps = `00400000-01c97000 r-xp 00000000 fe:00 131 /usr/local/bin/nodeagent
Size:              25180 kB
Rss:               14336 kB
Anonymous:             0 kB
01c97000-04a00000 r--p 01897000 fe:00 131 /usr/local/bin/nodeagent
Anonymous:             4 kB
04a00000-04b00000 rw-p 04600000 fe:00 131                                /usr/local/bin/nodeagent
Anonymous:             0 kB
04b00000-04b01000 r--s 00000000 fe:00 131 /usr/local/bin/nodeagent
Anonymous:             0 kB
04b01000-04b02000 r--p 00000000 fe:00 131 /usr/local/bin/nodeagent (deleted)
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
VmFlags: rd wr mr mw me ac sd
7f0000000000-7f0000001000 r--p 00000000 00:00 0 [vvar]
`

func TestWhatOfAnAddressSpaceMayBeDropped(t *testing.T) {
	const program = "/usr/local/bin/nodeagent"
	want := []mapping{
		{start: 0x400000, end: 0x1c97000, file: program, readOnly: true},
		{start: 0x1c97000, end: 0x4a00000, file: program, readOnly: true, changed: true},
		{start: 0x4a00000, end: 0x4b00000, file: program},
		{start: 0x4b00000, end: 0x4b01000, file: program},
		{start: 0x4b01000, end: 0x4b02000, readOnly: true},
		{start: 0xc000000000, end: 0xc000400000, changed: true},
		{start: 0x7f0000000000, end: 0x7f0000001000, file: "[vvar]", readOnly: true, changed: true},
	}
	if diff := cmp.Diff(want, parse(strings.NewReader(smaps)), cmp.AllowUnexported(mapping{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheProgramGoesOnWithoutThePagesOfItsStart(t *testing.T) {
	before := resident(t)
	dropped, err := Release()
	if err != nil || dropped == 0 {
		t.Fatalf("dropped %d, %v; want something without an error", dropped, err)
	}
	if after := resident(t); after >= before {
		t.Errorf("%d KiB of files are resident, want less than the %d of before", after, before)
	}
	if got := strings.Repeat("a", 3); got != "aaa" {
		t.Errorf("a constant has become %q", got)
	}
}

// resident is how many KiB of files are mapped.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if text, is := strings.CutPrefix(line, "RssFile:"); is {
			kib, err := strconv.Atoi(strings.Fields(text)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatal("this kernel does not say how much of files is resident")
	return 0
}

func TestASmallHeapIsCollectedLessOften(t *testing.T) {
	var set []int
	h := &heap{set: func(percent int) { set = append(set, percent) }}
	for _, alive := range []uint64{4 << 20, small, small + 1, 1 << 30, 8 << 20, 8 << 20} {
		h.look(alive)
	}
	if diff := cmp.Diff([]int{seldom, often, seldom}, set); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAHeapIsLookedAtAfterEachCollection(t *testing.T) {
	looked := make(chan int, 1)
	for range 3 {
		h := &heap{set: func(percent int) { looked <- percent }}
		h.again()
		runtime.GC()
		if got := <-looked; got != seldom {
			t.Errorf("after a collection of a small heap: %d, want %d", got, seldom)
		}
	}
}
