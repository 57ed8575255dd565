package main

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	sigsyaml "sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
)

// knownLogs is what is known of logs from elsewhere.
type knownLogs struct {
	keys   []ed25519.PublicKey
	status *v1alpha1.NodeAuditStatus
}

func (f *verifyFlags) known() (knownLogs, error) {
	var k knownLogs
	if f.key != "" {
		text, err := os.ReadFile(f.key)
		if err != nil {
			return k, fmt.Errorf("reading a key: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			key, err := chain.ParsePublic(line)
			if err != nil {
				return k, fmt.Errorf("%s: %w", f.key, err)
			}
			k.keys = append(k.keys, key)
		}
		if len(k.keys) == 0 {
			return k, fmt.Errorf("%s has no key", f.key)
		}
	}
	if f.status == "" {
		return k, nil
	}
	text, err := os.ReadFile(f.status)
	if err != nil {
		return k, fmt.Errorf("reading a status: %w", err)
	}
	k.status = &v1alpha1.NodeAuditStatus{}
	if err := sigsyaml.Unmarshal(text, k.status); err != nil {
		return k, fmt.Errorf("%s: %w", f.status, err)
	}
	if k.status.Kind != "NodeAuditStatus" || len(k.status.Status.Logs) == 0 {
		return k, fmt.Errorf("%s has no NodeAuditStatus with status.logs: write it with kubectl get nodeauditstatus NODE -o yaml", f.status)
	}
	for _, l := range k.status.Status.Logs {
		if _, err := expectedOf(l); err != nil {
			return k, fmt.Errorf("%s: %s: %w", f.status, l.File, err)
		}
	}
	return k, nil
}

// of is what is known of the log whose current file has this path.
func (k knownLogs) of(base string) chain.Expected {
	expected := chain.Expected{Keys: k.keys}
	if k.status == nil {
		return expected
	}
	logs := k.status.Status.Logs
	at := slices.IndexFunc(logs, func(l v1alpha1.LogReport) bool { return l.File == filepath.Base(base) })
	if at < 0 { // another name on this machine: the keys of the node are known at least
		for _, l := range logs {
			known, _ := expectedOf(l)
			expected.Keys = append(expected.Keys, known.Keys...)
		}
		expected.Node = k.status.Name
		return expected
	}
	known, _ := expectedOf(logs[at])
	known.Keys = append(known.Keys, k.keys...)
	known.Node, known.File = k.status.Name, logs[at].File
	return known
}

// withMissing adds the logs of the status of which a directory has not a single file.
func (k knownLogs) withMissing(logs []signedLog, args []string) []signedLog {
	if k.status == nil || len(args) != 1 {
		return logs
	}
	if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
		return logs
	}
	for _, l := range k.status.Status.Logs {
		base := filepath.Join(args[0], l.File)
		if !slices.ContainsFunc(logs, func(s signedLog) bool { return s.base == base }) {
			logs = append(logs, signedLog{base: base, files: []string{}})
		}
	}
	return logs
}

func expectedOf(l v1alpha1.LogReport) (chain.Expected, error) {
	key, err := chain.ParsePublic(l.PublicKey)
	if err != nil {
		return chain.Expected{}, err
	}
	hash, err := chain.ParseHash(l.Latest.Hash)
	if err != nil || l.Latest.Sequence < 1 {
		return chain.Expected{}, fmt.Errorf("the latest checkpoint has no number and hash")
	}
	return chain.Expected{Keys: []ed25519.PublicKey{key}, Sequence: uint64(l.Latest.Sequence), Hash: hash}, nil
}
