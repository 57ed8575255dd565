// Package nodeconfig is the contract between the controller and the agents: the document in the ConfigMap nodeaudit-node-<node>, and the
// immutable rule set that it points to.
//
// The controller encodes, the agent decodes and checks the digests. The package is a codec: it decides nothing and touches nothing.
package nodeconfig

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Names of the ConfigMaps and of their keys. They are fixed: agents of other versions read them.
const (
	// NodePrefix comes before the node's name in the name of its ConfigMap.
	NodePrefix = "nodeaudit-node-"
	// RulesPrefix comes before the digest in the name of a rule set's ConfigMap.
	RulesPrefix = "nodeaudit-rules-"
	// ConfigKey is the key of the encoded Config in the node's ConfigMap.
	ConfigKey = "config.json"
	// DigestKey is the key of its digest: an edit by hand does not match it.
	DigestKey = "digest"
	// RulesSuffix comes after a policy's name in the keys of a rule set's ConfigMap.
	RulesSuffix = ".rules"
	// KindLabel marks the ConfigMaps of nodeaudit, with the values KindNode and KindRules.
	KindLabel = "nodeaudit.dev/kind"
	// KindNode is the value of KindLabel on a node's ConfigMap.
	KindNode = "node"
	// KindRules is the value of KindLabel on a rule set's ConfigMap.
	KindRules = "rules"
	// SessionsPrefix comes before the node's name in the name of the ConfigMap with the sessions of its pods. Package session has its content.
	SessionsPrefix = "nodeaudit-sessions-"
	// KindSessions is the value of KindLabel on it.
	KindSessions = "sessions"
	// KindTenants is the value of KindLabel on the ConfigMap of tenants.
	KindTenants = "tenants"
	// DefaultSink is the name of the sink that every node has without an AuditSink: the file /var/log/nodeaudit/audit.log. Routes may name
	// it. Events that no route takes go there, and those of a route whose sink does not exist.
	DefaultSink = "node-default"
)

// Version is the latest version of the document that this package writes. An agent refuses a later one. A document that needs nothing of a later
// version has an earlier one, so that its digest stays when the controller is updated.
//
// Version 1 knows routes by keys and namespaces; 2 all else that a route has. An agent of version 1 that left a condition out would send, or
// drop, what was not meant.
const Version = 2

// ErrDigest says that a document does not match its digest: somebody edited it, or it was cut.
var ErrDigest = errors.New("content does not match its digest")

// ErrVersion says that a document is of a later version than this program knows.
var ErrVersion = errors.New("document is of a later version: update the agent")

// Config is the whole desired state of one node.
type Config struct {
	// Version is the version of the document.
	Version int `json:"version"`
	// Node is the name of the node it is for.
	Node string `json:"node"`
	// Policies are the policies that select the node, the highest priority first: the order of their rules in the kernel.
	Policies []Policy `json:"policies,omitempty"`
	// RuleSet is the digest of the rule set, see RuleSet.Digest. Empty where no policy has rules.
	RuleSet string `json:"ruleSet,omitempty"`
	// Kernel has the settings of the policies in Enforce mode, merged: nil and empty leave a setting as the node has it.
	Kernel v1alpha1.KernelSettings `json:"kernel,omitzero"`
	// Boot is what policies in Enforce mode ask of the boot loader's configuration. Empty where none says Configure.
	Boot v1alpha1.BootSettings `json:"boot,omitzero"`
	// UnmanagedRules is Remove where a policy in Enforce mode asks for it.
	UnmanagedRules v1alpha1.UnmanagedRules `json:"unmanagedRules,omitempty"`
	// Collect is from where records come, of the policies in Enforce mode the first that says. Empty is Multicast.
	Collect v1alpha1.Collect `json:"collect,omitempty"`
	// Routes are the routes of the policies in the order of the policies. Their names are policy/route.
	Routes []v1alpha1.Route `json:"routes,omitempty"`
	// Sinks are the sinks that Routes name, with their defaults filled in, ordered by name. They hold no secret.
	Sinks []Sink `json:"sinks,omitempty"`
}

// Policy is one policy as a node sees it.
type Policy struct {
	// Name is the AuditPolicy's name, and with RulesSuffix the key of its rules in the rule set.
	Name string `json:"name"`
	// Generation is the one it was compiled from.
	Generation int64 `json:"generation"`
	// Mode is Enforce or Observe.
	Mode v1alpha1.Mode `json:"mode"`
	// Kernel has the settings that this policy asks for, those of its rules' control lines included.
	Kernel v1alpha1.KernelSettings `json:"kernel,omitzero"`
	// UnmanagedRules is Remove where this policy asks for it, and empty otherwise.
	UnmanagedRules v1alpha1.UnmanagedRules `json:"unmanagedRules,omitempty"`
	// Boot is what this policy demands of the kernel command line, and whether the boot loader is to be configured. Empty where it does neither.
	Boot v1alpha1.BootSettings `json:"boot,omitzero"`
	// RebootSignal is Sentinel where this policy asks for it, and empty otherwise.
	RebootSignal v1alpha1.RebootSignal `json:"rebootSignal,omitempty"`
	// Collect is what this policy says of it. Empty is nothing.
	Collect v1alpha1.Collect `json:"collect,omitempty"`
	// AsWritten keeps the optimiser from changing the policy's rules.
	AsWritten bool `json:"asWritten,omitempty"`
}

// Sink is one destination.
type Sink struct {
	// Name is the AuditSink's name.
	Name string `json:"name"`
	// Spec is its spec with defaults.
	Spec v1alpha1.AuditSinkSpec `json:"spec"`
}

// RuleSet holds the compiled rules by policy name: one rule a line, as rule.Rule.String prints it, every line ended by a line feed.
type RuleSet map[string]string

// Digest identifies the content of the set: 32 hexadecimal digits, the first half of a SHA-256. It is empty for an empty set.
func (s RuleSet) Digest() string {
	if len(s) == 0 {
		return ""
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(hash, "%d %s %d\n%s", len(name), name, len(s[name]), s[name])
	}
	return hex.EncodeToString(hash.Sum(nil))[:32]
}

// Data returns the data of the set's ConfigMap.
func (s RuleSet) Data() map[string]string {
	data := make(map[string]string, len(s))
	for name, text := range s {
		data[name+RulesSuffix] = text
	}
	return data
}

// DecodeRuleSet reads the data of a set's ConfigMap. It returns ErrDigest where the content does not match digest.
func DecodeRuleSet(data map[string]string, digest string) (RuleSet, error) {
	set := make(RuleSet, len(data))
	for key, text := range data {
		name, found := bytes.CutSuffix([]byte(key), []byte(RulesSuffix))
		if !found {
			return nil, fmt.Errorf("rule set %s: unexpected key %q: %w", digest, key, ErrDigest)
		}
		set[string(name)] = text
	}
	if set.Digest() != digest {
		return nil, fmt.Errorf("rule set %s: %w", digest, ErrDigest)
	}
	return set, nil
}

// Encode returns the data of the node's ConfigMap.
func Encode(config Config) (map[string]string, error) {
	config.Version = needed(config)
	document, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encoding the configuration of node %s: %w", config.Node, err)
	}
	return map[string]string{ConfigKey: string(document), DigestKey: digest(document)}, nil
}

// needed is the earliest version that has all that the configuration has.
func needed(config Config) int {
	for _, r := range config.Routes {
		first := v1alpha1.Route{
			Name: r.Name, Match: v1alpha1.RouteMatch{Keys: r.Match.Keys, Namespaces: r.Match.Namespaces}, Continue: r.Continue, Sinks: r.Sinks,
		}
		if !reflect.DeepEqual(r, first) {
			return 2
		}
	}
	return 1
}

// Decode reads the data of a node's ConfigMap and returns the configuration with its digest. It returns ErrDigest where the document does
// not match its digest and ErrVersion where it is of a later version.
func Decode(data map[string]string) (Config, string, error) {
	document := []byte(data[ConfigKey])
	if got := digest(document); got != data[DigestKey] {
		return Config{}, "", fmt.Errorf("key %s: %w", ConfigKey, ErrDigest)
	}
	var config Config
	if err := json.Unmarshal(document, &config); err != nil {
		return Config{}, "", fmt.Errorf("key %s: %w", ConfigKey, err)
	}
	if config.Version > Version {
		return Config{}, "", fmt.Errorf("key %s: version %d, known up to %d: %w", ConfigKey, config.Version, Version, ErrVersion)
	}
	return config, data[DigestKey], nil
}

func digest(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])[:32]
}
