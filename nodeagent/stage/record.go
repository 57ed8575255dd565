package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Taken is what an agent has staged, for the one that starts on the next boot: such rules are the agent's own.
type Taken struct {
	// BootID is the boot on which it was staged last.
	BootID string
	// Rules are those of the set, in every form in which the boot may have loaded them.
	Rules []rule.Wire
	// Lock says that it locks the audit system.
	Lock bool
	// Settings are the values that it sets, and Found what was there before the agent first changed them, by the names of auditctl -s.
	Settings, Found map[string]uint32
}

// record is on disk before anything is staged.
type record struct {
	BootID   string            `json:"bootID"`
	Place    Place             `json:"place"`
	Rules    [][]byte          `json:"rules,omitempty"`
	Lock     bool              `json:"lock,omitempty"`
	Settings map[string]uint32 `json:"settings,omitempty"`
	Found    map[string]uint32 `json:"found,omitempty"`
}

// newRecord notes a lock where the words have it: where the host's own files lock, it is their lock.
func newRecord(bootID string, place Place, words string, set Set, found map[string]uint32) record {
	r := record{BootID: bootID, Place: place, Lock: strings.HasSuffix(words, lockLine), Settings: map[string]uint32{}, Found: found}
	for _, one := range set.Rules {
		r.Rules = append(r.Rules, []byte(one.Wire))
		for _, w := range one.Written {
			if w != one.Wire {
				r.Rules = append(r.Rules, []byte(w))
			}
		}
	}
	for name, value := range map[string]*uint32{"backlog_limit": set.BacklogLimit, "failure": set.Failure, "rate_limit": set.RateLimit} {
		if value != nil {
			r.Settings[name] = *value
		}
	}
	return r
}

// equal compares all but what the disk cannot tell apart.
func (r record) equal(other record) bool {
	return r.BootID == other.BootID && r.Place == other.Place && r.Lock == other.Lock && maps.Equal(r.Settings, other.Settings) &&
		maps.Equal(r.Found, other.Found) && slices.EqualFunc(r.Rules, other.Rules, slices.Equal[[]byte])
}

// Load returns what was staged, nil for nothing. It is for who has no Stager yet.
func Load(stateDir string) (*Taken, error) {
	r, err := newStore(stateDir).load()
	if err != nil || r == nil {
		return nil, err
	}
	taken := &Taken{BootID: r.BootID, Lock: r.Lock, Settings: r.Settings, Found: r.Found}
	for _, w := range r.Rules {
		taken.Rules = append(taken.Rules, rule.Wire(w))
	}
	return taken, nil
}

type store struct{ path string }

func newStore(stateDir string) store { return store{filepath.Join(stateDir, "staged.json")} }

func (s store) load() (*record, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing is staged
	}
	var r record
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && r.Place != RulesD && r.Place != Unit {
		err = fmt.Errorf("nobody knows the place %q", r.Place)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is staged for the next boot: %w: remove %s, and look at %s and %s", err, s.path, rulesFile, unitFile)
	}
	return &r, nil
}

func (s store) save(r record) error {
	text, err := json.Marshal(r)
	if err == nil {
		err = renameio.WriteFile(s.path, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing down what is about to be staged: %w", err)
	}
	return nil
}

func (s store) remove() error {
	if err := os.Remove(s.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
