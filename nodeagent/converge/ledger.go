package converge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// File is the name of the Ledger in the state directory.
const File = "kernel.json"

// Ledger is what the agent has done to the kernel on this boot.
type Ledger struct {
	// Owned are the rules that it added. A wanted rule that was in the kernel before is not among them, and stays when the policy goes.
	Owned map[rule.Wire]bool
	// Found are the values of settings before it first changed them.
	Found map[setting]uint32
	// Places are the directories for which it loaded rules, with the identity of each at that time.
	Places map[string]string
	// Locked says that it was the agent who locked the audit system.
	Locked bool
	// Lock is who has locked it, nil while it is not locked.
	Lock *lockFact
	// Drift counts what it repaired.
	Drift v1alpha1.DriftReport
}

// clone lets one be changed while the other is on disk.
func (l Ledger) clone() Ledger {
	l.Owned, l.Found, l.Places = maps.Clone(l.Owned), maps.Clone(l.Found), maps.Clone(l.Places)
	if l.Owned == nil {
		l.Owned = map[rule.Wire]bool{}
	}
	if l.Found == nil {
		l.Found = map[setting]uint32{}
	}
	if l.Places == nil {
		l.Places = map[string]string{}
	}
	return l
}

// ledgerFile is a Ledger on disk. Rules are not valid UTF-8, so they are bytes there.
type ledgerFile struct {
	BootID string               `json:"bootID"`
	Owned  [][]byte             `json:"owned,omitempty"`
	Found  map[setting]uint32   `json:"found,omitempty"`
	Places map[string]string    `json:"places,omitempty"`
	Locked bool                 `json:"locked,omitempty"`
	Lock   *lockFact            `json:"lock,omitempty"`
	Drift  v1alpha1.DriftReport `json:"drift,omitzero"`
}

// ledgerStore keeps the Ledger in a file, for one boot: after the next none of it is true.
type ledgerStore struct {
	path, bootID string
}

func newLedgerStore(stateDir, bootID string) ledgerStore {
	return ledgerStore{path: filepath.Join(stateDir, File), bootID: bootID}
}

// earlier is what is known of the boots before: known says that the ledger is of this boot, and lock who had locked the last one.
type earlier struct {
	known bool
	lock  *lockFact
}

func (s ledgerStore) load(log *slog.Logger) (Ledger, earlier, error) {
	empty := Ledger{}.clone()
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, earlier{}, nil
	}
	if err != nil {
		return empty, earlier{}, fmt.Errorf("reading what the agent has done: %w", err)
	}
	var file ledgerFile
	if err := json.Unmarshal(text, &file); err != nil {
		// Recording goes on; the file is kept for whoever wants to know what happened to it.
		log.Error("what the agent has done on this boot is not known: its rules stay when their policy goes, until the node reboots",
			"file", s.path+".damaged", "err", err)
		return empty, earlier{}, os.Rename(s.path, s.path+".damaged")
	}
	if file.BootID != s.bootID {
		return empty, earlier{lock: file.Lock}, nil
	}
	ledger := Ledger{Found: file.Found, Places: file.Places, Locked: file.Locked, Lock: file.Lock, Drift: file.Drift}.clone()
	for _, w := range file.Owned {
		ledger.Owned[rule.Wire(w)] = true
	}
	return ledger, earlier{known: true}, nil
}

func (s ledgerStore) save(ledger Ledger) error {
	file := ledgerFile{BootID: s.bootID, Found: ledger.Found, Places: ledger.Places, Locked: ledger.Locked, Lock: ledger.Lock, Drift: ledger.Drift}
	for w := range ledger.Owned {
		file.Owned = append(file.Owned, []byte(w))
	}
	text, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("encoding what the agent has done: %w", err)
	}
	if err := renameio.WriteFile(s.path, text, 0o600); err != nil {
		return fmt.Errorf("writing down what the agent is about to do: %w", err)
	}
	return nil
}
