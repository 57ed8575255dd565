package desired

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// example is a State and the data of its two ConfigMaps.
func example(t *testing.T) (state State, config, rules map[string]string) {
	t.Helper()
	state.Rules = nodeconfig.RuleSet{"p": "-w /etc/passwd -p wa -k identity\n"}
	state.Config = nodeconfig.Config{
		Version: 1, Node: "n1", RuleSet: state.Rules.Digest(),
		Policies: []nodeconfig.Policy{{Name: "p", Generation: 3, Mode: v1alpha1.ModeEnforce}},
	}
	config, err := nodeconfig.Encode(state.Config)
	if err != nil {
		t.Fatal(err)
	}
	state.Digest = config[nodeconfig.DigestKey]
	return state, config, state.Rules.Data()
}

func TestDecode(t *testing.T) {
	want, config, rules := example(t)
	with := func(change func(config, rules map[string]string)) (map[string]string, map[string]string) {
		_, config, rules := example(t)
		change(config, rules)
		return config, rules
	}
	edited, _ := with(func(c, _ map[string]string) {
		c[nodeconfig.ConfigKey] = strings.Replace(c[nodeconfig.ConfigKey], "Enforce", "Observe", 1)
	})
	_, cut := with(func(_, r map[string]string) { r["p.rules"] = "" })
	_, extra := with(func(_, r map[string]string) { r["q.rules"] = "-D\n" })
	_, foreign := with(func(_, r map[string]string) { r["readme"] = "hello" })
	for name, test := range map[string]struct {
		node          string
		config, rules map[string]string
		err           error
	}{
		"a configuration with its rule set":         {"n1", config, rules, nil},
		"a configuration for another node":          {"n2", config, rules, ErrNode},
		"a configuration that was edited by hand":   {"n1", edited, rules, nodeconfig.ErrDigest},
		"a rule set that was edited by hand":        {"n1", config, cut, nodeconfig.ErrDigest},
		"a rule set to which a policy was added":    {"n1", config, extra, nodeconfig.ErrDigest},
		"a rule set with a key that is none of its": {"n1", config, foreign, nodeconfig.ErrDigest},
		"a ConfigMap without a configuration":       {"n1", nil, rules, nodeconfig.ErrDigest},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decode(test.node, test.config, func(string) (map[string]string, error) { return test.rules, nil })
			if !errors.Is(err, test.err) {
				t.Fatalf("decode: %v, want %v", err, test.err)
			}
			if test.err == nil {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("state (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestTheLastGoodStateSurvives(t *testing.T) {
	want, _, _ := example(t)
	last := newCopy(t.TempDir(), "n1")
	if got, err := last.load(); got != nil || err != nil {
		t.Fatalf("before the first: %v, %v", got, err)
	}
	if err := last.save(want); err != nil {
		t.Fatal(err)
	}
	got, err := last.load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(last.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestADamagedCopyIsNotUsed(t *testing.T) {
	state, _, _ := example(t)
	for name, damage := range map[string]func(string) string{
		"cut off":           func(s string) string { return s[:len(s)/2] },
		"changed":           func(s string) string { return strings.Replace(s, "/etc/passwd", "/etc/shadow", 1) },
		"of another node":   func(s string) string { return strings.ReplaceAll(s, "n1", "n2") },
		"empty":             func(string) string { return "" },
		"something else":    func(string) string { return "[]" },
		"without its rules": func(string) string { return "{}" },
	} {
		t.Run(name, func(t *testing.T) {
			last := newCopy(t.TempDir(), "n1")
			if err := last.save(state); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(last.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(last.path, []byte(damage(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := last.load(); err == nil {
				t.Errorf("a damaged copy gave %+v", got)
			}
		})
	}
}

func TestAnAgentStartsWithItsLastGoodStateWhileTheAPIServerIsAway(t *testing.T) {
	want, _, _ := example(t)
	dir := t.TempDir()
	if err := newCopy(dir, "n1").save(want); err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	updates := make(chan Update, 1)
	go func() {
		_ = NewConfigMap(client, "nodeaudit-system", "n1", dir, slog.New(slog.DiscardHandler)).Run(t.Context(), func(u Update) { updates <- u })
	}()
	select {
	case u := <-updates:
		if diff := cmp.Diff(&want, u.State); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
}

func TestAConfigMapThatIsNotThereIsAnUpdateOnlyOfANodeThatNeverHadOne(t *testing.T) {
	for name, known := range map[string]bool{"a new node": false, "a node that had one": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewConfigMap(nil, "nodeaudit-system", "n1", t.TempDir(), slog.New(slog.DiscardHandler))
				var got []Update
				go c.deliver(t.Context(), func(u Update) { got = append(got, u) }, known)
				for range 2 {
					c.offer(nil)
					synctest.Wait()
				}
				want := []Update{{State: c.nothing()}}
				if known {
					want = nil
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("updates (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Ten minutes of an API server that is away end with a request within eight seconds of its return.
func TestAnAPIServerThatIsBackIsNoticedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delay := backoff().DelayWithReset(clock.RealClock{}, 2*time.Minute)
		for began := time.Now(); time.Since(began) < 10*time.Minute; {
			next := delay()
			if next > 8*time.Second {
				t.Fatalf("after %v the next attempt is %v away", time.Since(began), next)
			}
			time.Sleep(next)
		}
	})
}

func TestAStateDirectoryThatCannotBeWrittenIsAnError(t *testing.T) {
	state, _, _ := example(t)
	if err := newCopy(filepath.Join(t.TempDir(), "missing"), "n1").save(state); err == nil {
		t.Error("no error")
	}
}

func FuzzCopy(f *testing.F) {
	f.Add([]byte(`{"config":{"config.json":"{}","digest":""},"rules":{"p.rules":""}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		last := newCopy(t.TempDir(), "n1")
		if err := os.WriteFile(last.path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := last.load(); err == nil && got == nil {
			t.Error("neither a state nor an error")
		}
	})
}
