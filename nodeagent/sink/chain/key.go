package chain

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dir is the name of the directory in the agent's state directory that has the key and the state of each chain.
const Dir = "chains"

const keyFile = "key.pem"

// Key reads the node's key, or makes it. It never leaves the node.
func Key(stateDir string) (ed25519.PrivateKey, error) {
	dir := filepath.Join(stateDir, Dir)
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key that signs logs: %w", err)
	}
	if block, _ := pem.Decode(text); block != nil {
		key, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		if key, ok := key.(ed25519.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s is no Ed25519 key: move it away, and the agent makes another one", path)
}

// newKey writes the key whole or not at all.
func newKey(dir, path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key that signs logs: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making the key that signs logs: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keeping the key that signs logs: %w", err)
	}
	if err := writeSynced(path+".new", text); err != nil {
		return nil, fmt.Errorf("keeping the key that signs logs: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, fmt.Errorf("keeping the key that signs logs: %w", err)
	}
	return key, nil
}

func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// PublicText is a public key as reports have it.
func PublicText(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// ParsePublic reads what PublicText has written, and the way checkpoints have it.
func ParsePublic(text string) (ed25519.PublicKey, error) {
	text = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(strings.TrimSpace(text))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("this is no public key: it is 32 bytes in base64, as in status.logs of a NodeAuditStatus")
	}
	return ed25519.PublicKey(raw), nil
}
