package desired

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// File is the name of the last good configuration in the state directory.
const File = "desired.json"

// lastGood is the last good State on the node's disk.
type lastGood struct {
	path, node string
}

// copied is the file: the data of both ConfigMaps, with their digests.
type copied struct {
	Config map[string]string `json:"config"`
	Rules  map[string]string `json:"rules,omitempty"`
}

// newCopy returns the copy of a node's State in a directory.
func newCopy(stateDir, node string) *lastGood {
	return &lastGood{path: filepath.Join(stateDir, File), node: node}
}

// save replaces the copy. After a crash the old one or the new one is there, whole.
func (c *lastGood) save(state State) error {
	config, err := nodeconfig.Encode(state.Config)
	if err != nil {
		return err
	}
	text, err := json.Marshal(copied{Config: config, Rules: state.Rules.Data()})
	if err != nil {
		return fmt.Errorf("encoding the last good configuration: %w", err)
	}
	if err := renameio.WriteFile(c.path, text, 0o600); err != nil {
		return fmt.Errorf("keeping the last good configuration: %w", err)
	}
	return nil
}

// load returns the copy, and nil where there is none. A copy that does not match its digests is an error.
func (c *lastGood) load() (*State, error) {
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last good configuration: %w", err)
	}
	var file copied
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("reading the last good configuration %s: %w", c.path, err)
	}
	state, err := decode(c.node, file.Config, func(string) (map[string]string, error) { return file.Rules, nil })
	if err != nil {
		return nil, fmt.Errorf("reading the last good configuration %s: %w", c.path, err)
	}
	return &state, nil
}
