// Package secret reads what sinks must not have in their own text: tokens, keys, certificates.
//
// Names come in, values go out. Of the platform's sinks a Secret is a folder with its name, a key is a file in it: that is how the kubelet mounts Secrets
// into the agent's pod, and how people lay them out on a host without Kubernetes. A file that changed is read as it is now, which is how secrets are
// rotated. Those of a tenant are asked of the cluster, one by one, and kept in memory only.
package secret

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"strings"
)

// most is how large a value may be, as in Kubernetes.
const most = 1 << 20

// Dir is a folder of secrets. The zero value has none.
type Dir struct {
	// Path is the folder.
	Path string
	// Hint is what people can do about a secret that is not there.
	Hint string
}

// Source is where secrets are. It is safe for concurrent use.
type Source interface {
	// Get returns the value. It fails where there is none, or an empty one, and says what to do.
	Get(ref Ref) ([]byte, error)
	// Doubt says that the values may be old: a receiver did not take them.
	Doubt(refs []Ref)
}

// Ref names one value.
type Ref struct {
	// Name is the Secret's, Key the one in it.
	Name, Key string
}

// String names the value, and is no secret.
func (r Ref) String() string { return r.Name + "/" + r.Key }

// Get returns the value without the line feed that editors put at the end. It fails where there is none, or an empty one.
func (d Dir) Get(ref Ref) ([]byte, error) {
	value, err := d.read(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist) || d.Path == "":
		return nil, fmt.Errorf("there is no secret %s: %s", ref, d.Hint)
	case err != nil:
		return nil, fmt.Errorf("reading secret %s: %w", ref, err)
	}
	if value = trimmed(value); len(value) == 0 {
		return nil, fmt.Errorf("secret %s is empty: %s", ref, d.Hint)
	}
	return value, nil
}

// Doubt is Source.Doubt: files are read each time.
func (d Dir) Doubt([]Ref) {}

func trimmed(value []byte) []byte { return []byte(strings.TrimRight(string(value), "\r\n")) }

// read stays in the folder. The kubelet's links do too.
func (d Dir) read(ref Ref) ([]byte, error) {
	if strings.ContainsAny(ref.Name+ref.Key, "/\x00") || strings.HasPrefix(ref.Name, ".") || strings.HasPrefix(ref.Key, ".") {
		return nil, errors.New("a name with a slash, or a dot at its beginning")
	}
	if d.Path == "" {
		return nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it was read
	name := ref.Name + "/" + ref.Key
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("it is no file of at most %d bytes", most)
	}
	return root.ReadFile(name)
}

// Version is a fingerprint of the values: it changes when one of them does.
func Version(from Source, refs []Ref) string {
	hash := sha256.New()
	for _, ref := range refs {
		value, err := from.Get(ref)
		Mark(hash, ref, value, err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Mark adds what Get returned for a reference to a fingerprint, so that Version can be compared with what was read.
func Mark(hash hash.Hash, ref Ref, value []byte, err error) {
	fmt.Fprintf(hash, "%q %t %d ", ref.String(), err == nil, len(value))
	hash.Write(value)
}
