package kernel_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// The directory of the program is in the host's root and not in this one, as for an agent in a container.
func TestKernelARuleOnAProgramOfAnotherRootCanBeDeleted(t *testing.T) {
	for name, hide := range map[string]func(root string) error{
		"with a way to it":          func(string) error { return nil },
		"without a way to it":       func(root string) error { return os.Rename(root+"/opt", root+"/away") },
		"without that root's files": func(root string) error { return os.Rename(root, root+"-away") },
	} {
		t.Run(name, func(t *testing.T) {
			client := kerneltest.Lock(t)
			root := filepath.Join(t.TempDir(), "root")
			must(t, os.MkdirAll(root+"/opt/kernel-test", 0o700))
			w := kerneltest.Exe(170, "/opt/kernel-test/program", "kernel-test-program")
			must(t, errors.Join(kernel.Apply(t.Context(), root, []kernel.Change{{Op: kernel.Add, Rule: w}})...))
			must(t, hide(root))
			from := root
			if _, err := os.Stat(root); err != nil {
				from = "/"
			}
			if err := client.Delete(w); !errors.Is(err, kernel.ErrNotFound) {
				t.Errorf("deleting from here: %v, want ErrNotFound", err)
			}
			must(t, errors.Join(kernel.Apply(t.Context(), from, []kernel.Change{{Op: kernel.Delete, Rule: w}})...))
			if rules, err := client.List(); err != nil || slices.Contains(rules, w) {
				t.Errorf("the rule is still listed, %v", err)
			}
			if err := kernel.Apply(t.Context(), from, []kernel.Change{{Op: kernel.Delete, Rule: w}})[0]; !errors.Is(err, kernel.ErrNotFound) {
				t.Errorf("deleting it again: %v, want ErrNotFound", err)
			}
		})
	}
}

// auditctl loads `-a never,task` with every bit of the mask set, which the kernel does not look at but compares. The rule here is of the
// exclude list, which disturbs nobody while the test runs.
func TestKernelARuleIsDeletedWhateverItsUnusedMask(t *testing.T) {
	client := kerneltest.Lock(t)
	file, _ := rule.Parse("-a always,exclude -F msgtype=1999")
	w, err := file.Rules[0].Encode(host.New("/"))
	must(t, err)
	parts, err := w.Open()
	must(t, err)
	for i := range parts.Mask {
		parts.Mask[i] = ^uint32(0)
	}
	must(t, client.Add(parts.Wire()))
	if err := client.Delete(w.Canonical()); !errors.Is(err, kernel.ErrNotFound) {
		t.Errorf("deleting the canonical form: %v, want ErrNotFound", err)
	}
	must(t, errors.Join(kernel.Apply(t.Context(), "/", []kernel.Change{{Op: kernel.Delete, Rule: w.Canonical()}})...))
}

// A reader with a socket of its own sees each of the other rules in every listing, and the changed one in its old or its new form.
func TestKernelChangingOneRuleLeavesTheOthersInPlace(t *testing.T) {
	const count, changes, listings = 500, 25, 5 // the kernel does one thing at a time, and not in turns
	client := kerneltest.Lock(t)
	var rules []rule.Wire
	for i := range count {
		rules = append(rules, kerneltest.Syscall(170, fmt.Sprintf("kernel-test-steady-%d", i)))
		must(t, client.Add(rules[i]))
	}
	changed := make(chan struct{})
	looked := make(chan int)
	go func() { looked <- watch(t, rules[1:], "kernel-test-steady-0", changed) }()
	for i, old := range slices.Repeat(rules[:1], changes) {
		if i > 0 {
			old = version(i)
		}
		must(t, errors.Join(kernel.Apply(t.Context(), "/", []kernel.Change{{Op: kernel.Add, Rule: version(i + 1)}, {Op: kernel.Delete, Rule: old}})...))
	}
	close(changed)
	if n := <-looked; n < listings {
		t.Errorf("only %d listings were read during %d changes", n, changes)
	}
}

func version(i int) rule.Wire { return kerneltest.Syscall(170+i, "kernel-test-steady-0") }

// watch lists until done is closed, and returns how often it has.
func watch(t *testing.T, want []rule.Wire, key string, done <-chan struct{}) int {
	client, err := kernel.Open()
	if err != nil {
		t.Error(err)
		return 0
	}
	defer client.Close()
	for n := 0; ; n++ {
		select {
		case <-done:
			return n
		default:
		}
		rules, err := client.List()
		if err != nil {
			t.Error(err)
			return n
		}
		if missing := missing(rules, want); missing > 0 {
			t.Errorf("listing %d lacks %d of %d rules that did not change", n, missing, len(want))
		}
		if !slices.ContainsFunc(rules, func(w rule.Wire) bool { return hasKey(w, key) }) {
			t.Errorf("listing %d has the changed rule in no form", n)
		}
	}
}

func missing(have, want []rule.Wire) int {
	set := map[rule.Wire]bool{}
	for _, w := range have {
		set[w] = true
	}
	return len(slices.DeleteFunc(slices.Clone(want), func(w rule.Wire) bool { return set[w] }))
}

func hasKey(w rule.Wire, key string) bool {
	parts, err := w.Open()
	return err == nil && slices.Contains(parts.Keys(), key)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
