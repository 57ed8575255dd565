package configure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// record is what was done, on disk before it is done.
type record struct {
	Way        boot.Way      `json:"way"`
	Parameters []string      `json:"parameters"`
	Command    []string      `json:"command"`
	File       string        `json:"file,omitempty"`
	Keep       []boot.Own    `json:"keep,omitempty"`    // entries that had parameters before
	Kernels    []boot.Kernel `json:"kernels,omitempty"` // whose entries kernel-install writes
	Complete   bool          `json:"complete"`          // it was done to the end
	Backups    []backup      `json:"backups,omitempty"`
	MadeDir    bool          `json:"madeDir,omitempty"` // /etc/default/grub.d was not there
}

// backup is a file as it was before its first change.
type backup struct {
	Path    string      `json:"path"`
	Mode    fs.FileMode `json:"mode"`
	Content []byte      `json:"content"`
}

func newRecord(plan boot.Plan) record {
	return record{
		Way: plan.Way, Parameters: plan.Parameters, Command: plan.Command, File: plan.File, Keep: plan.Keep, Kernels: plan.Kernels,
	}
}

const limitName = "audit_backlog_limit="

// limit is the limit among the parameters, 0 where none was given.
func (r record) limit() uint32 {
	for _, p := range r.Parameters {
		if text, is := strings.CutPrefix(p, limitName); is {
			n, _ := strconv.ParseUint(text, 10, 32) // as it was written here
			return uint32(n)
		}
	}
	return 0
}

// limited has another limit, where it has one.
func (r record) limited(limit uint32) record {
	parameters := make([]string, len(r.Parameters))
	for i, p := range r.Parameters {
		if strings.HasPrefix(p, limitName) {
			p = limitName + strconv.FormatUint(uint64(limit), 10)
		}
		parameters[i] = p
	}
	r.Parameters = parameters
	return r
}

// where says for people what was used.
func (r record) where() string {
	switch r.Way {
	case boot.GRUBDropIn:
		return dropIn + ", " + strings.Join(r.Command, " ")
	case boot.KernelInstall:
		return r.File + ", " + strings.Join(r.Command, " ")
	default:
		return strings.Join(r.Command, " ")
	}
}

func (r record) backup(path string) (backup, bool) {
	for _, b := range r.Backups {
		if b.Path == path {
			return b, true
		}
	}
	return backup{}, false
}

// store keeps the record in the state directory.
type store struct{ path string }

func newStore(stateDir string) store { return store{filepath.Join(stateDir, "bootloader.json")} }

func (s store) load() (*record, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was done
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was done to the boot loader: %w", err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil || len(r.Command) == 0 {
		return nil, fmt.Errorf("%s does not say what was done to the boot loader (%w): look at %s and the kernel parameters yourself, then remove this file",
			s.path, errors.Join(err, errNoCommand), dropIn)
	}
	return &r, nil
}

var errNoCommand = errors.New("it names no command")

func (s store) save(r record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = renameio.WriteFile(s.path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing down what is about to be done to the boot loader: %w", err)
	}
	return nil
}

func (s store) remove() error {
	if err := os.Remove(s.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
