package kerneltest

import (
	"errors"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	Contract(t, func(*testing.T) Control { return New("/") })
}

func TestALockedMemoryRefusesEveryChange(t *testing.T) {
	m := New(t.TempDir())
	w := Syscall(1, "k")
	must(t, m.Add(w))
	must(t, m.Set(kernel.Settings{Enabled: new(uint32(kernel.Locked))}))
	for name, err := range map[string]error{
		"adding":            m.Add(Syscall(2, "k")),
		"adding once more":  m.Add(w),
		"deleting":          m.Delete(w),
		"deleting nothing":  m.Delete(Syscall(3, "k")),
		"unlocking":         m.Set(kernel.Settings{Enabled: new(uint32(kernel.Off))}),
		"locking again":     m.Set(kernel.Settings{Enabled: new(uint32(kernel.Locked))}),
		"setting a setting": m.Set(kernel.Settings{Failure: new(uint32(0))}),
	} {
		if !errors.Is(err, kernel.ErrLocked) {
			t.Errorf("%s: %v, want ErrLocked", name, err)
		}
	}
	if status, err := m.Status(); err != nil || status.Enabled != kernel.Locked || status.Failure != 1 {
		t.Errorf("status %+v, %v", status, err)
	}
	if got := listed(t, m); len(got) != 1 || got[0] != w {
		t.Errorf("rules %x, want the one from before the lock", got)
	}
}
