package kerneltest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
)

// Control is what the real audit system and the one in memory have in common.
type Control interface {
	// Status is kernel.Client.Status.
	Status() (kernel.Status, error)
	// Set is kernel.Client.Set.
	Set(settings kernel.Settings) error
	// List is kernel.Client.List.
	List() ([]rule.Wire, error)
	// Add is kernel.Client.Add.
	Add(w rule.Wire) error
	// Delete is kernel.Client.Delete.
	Delete(w rule.Wire) error
}

// Contract checks that an audit system keeps the rules that the agent relies on. open is called once for each part; it returns an audit
// system that sees this machine's files and cleans up after itself. It never locks it.
func Contract(t *testing.T, open func(t *testing.T) Control) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, Control){
		"a new rule is listed last, without the bits that only the request has": addsLast,
		"a rule with the flag of -A is listed first":                            addsFirst,
		"a rule that is there already exists":                                   refusesDuplicates,
		"a rule that is there is taken once more with the flag of -A":           takesFirstTwice,
		"a rule that is not there cannot be deleted":                            missesRules,
		"rules differ by their key alone":                                       comparesKeys,
		"a path needs its directory, a directory rule needs itself":             resolvesPaths,
		"a path that is not absolute or ends in a slash is invalid":             refusesPaths,
		"a rule goes with the directory that it is on":                          dropsRules,
		"a rule on a program needs its directory, also to be deleted":           resolvesPrograms,
		"a rule goes when the directory that it is in is renamed":               dropsRenamed,
		"a directory rule stays with its directory when that is renamed":        keepsRenamed,
		"a rule stays when a directory further up is renamed":                   keepsMoved,
		"settings are read back as they were set":                               setsSettings,
		"settings that are not given stay":                                      keepsSettings,
	} {
		t.Run(name, func(t *testing.T) { part(t, open(t)) })
	}
}

// key is unlike any that a rule of this machine may have.
func key(t *testing.T) string {
	return fmt.Sprintf("kerneltest-%d-%d", os.Getpid(), time.Now().UnixNano())
}

func addsLast(t *testing.T, c Control) {
	dir := t.TempDir()
	for _, w := range []rule.Wire{Syscall(170, key(t)), Watch(filepath.Join(dir, "f"), key(t)), Dir(dir, key(t))} {
		must(t, c.Add(w))
		rules := listed(t, c)
		if got, want := ofList(rules, listExit), normal(w); len(got) == 0 || got[len(got)-1] != want {
			t.Errorf("the last rule of the list is not\n%x\nbut of %d\n%x", want, len(got), got[max(0, len(got)-1):])
		}
	}
}

func addsFirst(t *testing.T, c Control) {
	first, second := Syscall(170, key(t)), Syscall(171, key(t))
	must(t, c.Add(first))
	must(t, c.Add(First(second)))
	rules := ofList(listed(t, c), listExit)
	if slices.Index(rules, normal(second)) != 0 {
		t.Errorf("the prepended rule is number %d, want 0", slices.Index(rules, normal(second)))
	}
	if slices.Index(rules, normal(first)) != len(rules)-1 {
		t.Errorf("the appended rule is number %d of %d, want the last", slices.Index(rules, normal(first)), len(rules))
	}
	must(t, c.Delete(second))
}

func refusesDuplicates(t *testing.T, c Control) {
	w := Syscall(170, key(t))
	must(t, c.Add(w))
	if err := c.Add(w); !errors.Is(err, kernel.ErrExists) {
		t.Errorf("adding a rule again: %v, want ErrExists", err)
	}
}

// The kernel compares the flag of -A too, which a rule that is in its list no longer has: audit_compare_rule in kernel/auditfilter.c.
func takesFirstTwice(t *testing.T, c Control) {
	w := Syscall(170, key(t))
	must(t, c.Add(w))
	must(t, c.Add(First(w)))
	for want := 2; want > 0; want-- {
		if got := count(listed(t, c), normal(w)); got != want {
			t.Errorf("the rule is listed %d times, want %d", got, want)
		}
		must(t, c.Delete(w))
	}
}

func count(rules []rule.Wire, w rule.Wire) int {
	return len(slices.DeleteFunc(slices.Clone(rules), func(other rule.Wire) bool { return other != w }))
}

func missesRules(t *testing.T, c Control) {
	w := Syscall(170, key(t))
	if err := c.Delete(w); !errors.Is(err, kernel.ErrNotFound) {
		t.Errorf("deleting a rule that is not there: %v, want ErrNotFound", err)
	}
	must(t, c.Add(w))
	must(t, c.Delete(w))
	if slices.Contains(listed(t, c), w) {
		t.Error("the deleted rule is still listed")
	}
	if err := c.Delete(w); !errors.Is(err, kernel.ErrNotFound) {
		t.Errorf("deleting a rule twice: %v, want ErrNotFound", err)
	}
}

func comparesKeys(t *testing.T, c Control) {
	one, other := Syscall(170, key(t)), Syscall(170, key(t))
	must(t, c.Add(one))
	must(t, c.Add(other))
	must(t, c.Delete(one))
	if !slices.Contains(listed(t, c), other) {
		t.Error("deleting a rule took the one with another key")
	}
}

func resolvesPaths(t *testing.T, c Control) {
	dir := t.TempDir()
	must(t, c.Add(Watch(filepath.Join(dir, "missing"), key(t))))
	for name, w := range map[string]rule.Wire{
		"watch":     Watch(filepath.Join(dir, "missing", "file"), key(t)),
		"directory": Dir(filepath.Join(dir, "missing"), key(t)),
	} {
		if err := c.Add(w); !errors.Is(err, kernel.ErrNotFound) {
			t.Errorf("adding a %s rule without its directory: %v, want ErrNotFound", name, err)
		}
	}
}

func refusesPaths(t *testing.T, c Control) {
	for _, path := range []string{"etc/passwd", "/etc/"} {
		if err := c.Add(Watch(path, key(t))); !errors.Is(err, unix.EINVAL) {
			t.Errorf("watching %q: %v, want EINVAL", path, err)
		}
	}
}

// The kernel looks the program up in a request to delete, too: audit_data_to_entry in kernel/auditfilter.c makes a mark for each request.
func resolvesPrograms(t *testing.T, c Control) {
	parent := filepath.Join(t.TempDir(), "parent")
	dir := filepath.Join(parent, "dir")
	w := Exe(170, filepath.Join(dir, "program"), key(t))
	if err := c.Add(w); !errors.Is(err, kernel.ErrNotFound) {
		t.Errorf("adding a rule on a program without its directory: %v, want ErrNotFound", err)
	}
	must(t, os.MkdirAll(dir, 0o700))
	must(t, c.Add(w))
	must(t, os.Rename(parent, parent+"-away"))
	if err := c.Delete(w); !errors.Is(err, kernel.ErrNotFound) {
		t.Errorf("deleting a rule on a program without a way to it: %v, want ErrNotFound", err)
	}
	if !slices.Contains(listed(t, c), normal(w)) {
		t.Error("the rule that could not be deleted is not listed")
	}
	must(t, os.MkdirAll(dir, 0o700))
	must(t, c.Delete(w))
}

// renamed adds the rules of a directory, and gives it another name.
func renamed(t *testing.T, c Control, which int, rules func(dir string) []rule.Wire) []rule.Wire {
	dirs := []string{filepath.Join(t.TempDir(), "upper")}
	dirs = append(dirs, filepath.Join(dirs[0], "lower"))
	must(t, os.MkdirAll(dirs[1], 0o700))
	added := rules(dirs[1])
	for _, w := range added {
		must(t, c.Add(w))
	}
	must(t, os.Rename(dirs[which], dirs[which]+"-renamed"))
	return added
}

func dropsRenamed(t *testing.T, c Control) {
	for _, w := range renamed(t, c, 1, func(dir string) []rule.Wire {
		return []rule.Wire{Watch(filepath.Join(dir, "file"), key(t)), Exe(170, filepath.Join(dir, "program"), key(t))}
	}) {
		awaitGone(t, c, w)
	}
}

func keepsRenamed(t *testing.T, c Control) {
	for _, w := range renamed(t, c, 1, func(dir string) []rule.Wire { return []rule.Wire{Dir(dir, key(t))} }) {
		staysListed(t, c, w)
	}
}

func keepsMoved(t *testing.T, c Control) {
	for _, w := range renamed(t, c, 0, func(dir string) []rule.Wire {
		return []rule.Wire{Dir(dir, key(t)), Watch(filepath.Join(dir, "file"), key(t))}
	}) {
		staysListed(t, c, w)
	}
}

// staysListed looks for a moment, because the kernel drops rules a little later than their directories go.
func staysListed(t *testing.T, c Control, w rule.Wire) {
	t.Helper()
	for range 5 {
		if !slices.Contains(listed(t, c), normal(w)) {
			t.Fatal("the rule is gone")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func dropsRules(t *testing.T, c Control) {
	dir := filepath.Join(t.TempDir(), "dir")
	make := func() { must(t, os.Mkdir(dir, 0o700)) }
	make()
	rules := []rule.Wire{Dir(dir, key(t)), Watch(filepath.Join(dir, "file"), key(t)), Exe(170, filepath.Join(dir, "program"), key(t))}
	for _, w := range rules {
		must(t, c.Add(w))
	}
	must(t, os.Remove(dir))
	make()
	for _, w := range rules {
		awaitGone(t, c, w)
	}
}

func awaitGone(t *testing.T, c Control, w rule.Wire) {
	t.Helper()
	gone := func() bool { return !slices.Contains(listed(t, c), normal(w)) }
	for deadline := time.Now().Add(10 * time.Second); !gone(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a rule outlived its directory")
		}
	}
}

func setsSettings(t *testing.T, c Control) {
	for _, want := range []kernel.Settings{
		{Enabled: new(uint32(kernel.On)), Failure: new(uint32(0)), RateLimit: new(uint32(12345)), BacklogLimit: new(uint32(4321))},
		{Enabled: new(uint32(kernel.Off)), Failure: new(uint32(1)), RateLimit: new(uint32(0)), BacklogLimit: new(uint32(8192))},
	} {
		must(t, c.Set(want))
		got, err := c.Status()
		must(t, err)
		if got.Enabled != *want.Enabled || got.Failure != *want.Failure || got.RateLimit != *want.RateLimit || got.BacklogLimit != *want.BacklogLimit {
			t.Errorf("status %+v after setting %d %d %d %d", got, *want.Enabled, *want.Failure, *want.RateLimit, *want.BacklogLimit)
		}
	}
}

func keepsSettings(t *testing.T, c Control) {
	before, err := c.Status()
	must(t, err)
	must(t, c.Set(kernel.Settings{BacklogLimit: new(before.BacklogLimit + 1)}))
	after, err := c.Status()
	must(t, err)
	if after.Enabled != before.Enabled || after.Failure != before.Failure || after.RateLimit != before.RateLimit {
		t.Errorf("setting the backlog limit changed %+v to %+v", before, after)
	}
	must(t, c.Set(kernel.Settings{}))
}

func ofList(rules []rule.Wire, number uint32) []rule.Wire {
	return slices.DeleteFunc(slices.Clone(rules), func(w rule.Wire) bool { return flagsOf(w) != number })
}

func listed(t *testing.T, c Control) []rule.Wire {
	t.Helper()
	rules, err := c.List()
	must(t, err)
	return rules
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
