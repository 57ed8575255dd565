package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

const (
	watch   = "-w /etc/passwd -p wa -k identity"
	call    = "-a always,exit -F arch=b64 -S sethostname -F key=names"
	missing = "-w /no/such/x -p wa -k late"
)

func TestWhatIsStagedIsLoadedAndLocked(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		before  func(m *kerneltest.Memory)
		rules   []string
		enabled uint32
		fails   string
	}{
		"rules, settings and the lock":           {watch + "\n" + call + "\n-e 2\n", nil, []string{watch, call}, kernel.Locked, ""},
		"without a lock":                         {watch + "\n", nil, []string{watch}, kernel.On, ""},
		"a rule that waits for its path":         {watch + "\n" + missing + "\n-e 2\n", nil, []string{watch}, kernel.Locked, ""},
		"a rule of a user that is gone":          {watch + "\n-a always,exit -F uid=nobody-of-that-name -k x\n-e 2\n", nil, []string{watch}, kernel.On, "not take every rule"},
		"an audit system that is locked already": {watch + "\n-e 2\n", func(m *kerneltest.Memory) { _ = m.Set(kernel.Settings{Enabled: new(uint32(kernel.Locked))}) }, nil, kernel.Locked, "locked already"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.MkdirAll(filepath.Join(root, "etc"), 0o700); err != nil {
				t.Fatal(err)
			}
			m := kerneltest.New(root)
			if test.before != nil {
				test.before(m)
			}
			var words bytes.Buffer
			err := load(t.Context(), m, host.New(root), "-b 4096\n"+test.text, &words)
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("%v, words %q", err, words.String())
			}
			status, _ := m.Status()
			if status.Enabled != test.enabled || test.rules != nil && status.BacklogLimit != 4096 {
				t.Errorf("%+v", status)
			}
			wires, _ := m.List()
			var got []string
			for _, w := range wires {
				r, err := rule.Decode(w)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r.String())
			}
			if !slices.Equal(got, test.rules) {
				t.Errorf("the kernel has %q, want %q", got, test.rules)
			}
		})
	}
}

func TestARuleThatIsThereAlreadyIsNoError(t *testing.T) {
	m := kerneltest.New(t.TempDir())
	root := host.New("/")
	for range 2 {
		if err := load(t.Context(), m, root, call+"\n", &bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	}
}
