package desired

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// Update is a new State, or the reason why what arrived is none.
type Update struct {
	// State is what the node should have. Nil where Err is not.
	State *State
	// Err says why the configuration in the cluster cannot be used. The node keeps what it has.
	Err error
}

// retry is the time until a rule set that could not be read is asked for again.
const retry = 2 * time.Second

// ConfigMap watches the ConfigMap of one node.
type ConfigMap struct {
	client          kubernetes.Interface
	namespace, node string
	copy            *lastGood
	log             *slog.Logger
	latest          chan *corev1.ConfigMap
}

// NewConfigMap returns what watches the ConfigMap nodeaudit-node-<node>, and keeps the last good State in stateDir.
func NewConfigMap(client kubernetes.Interface, namespace, node, stateDir string, log *slog.Logger) *ConfigMap {
	return &ConfigMap{
		client: client, namespace: namespace, node: node, copy: newCopy(stateDir, node), log: log, latest: make(chan *corev1.ConfigMap, 1),
	}
}

// Run calls update, from one goroutine, with the last good State of an earlier run and then with each change, until ctx ends. An API server
// that is away is waited for. A ConfigMap that is missing or deleted is no update: the controller writes an empty configuration before it
// lets a node go.
func (c *ConfigMap) Run(ctx context.Context, update func(Update)) error {
	last, err := c.copy.load()
	switch {
	case err != nil:
		c.log.Warn("starting without the last good configuration", "err", err)
	case last != nil:
		update(Update{State: last})
	}
	go follow(ctx, c.client, c.namespace, nodeconfig.NodePrefix+c.node, follower{changed: c.offer, missing: func() { c.offer(nil) }})
	c.deliver(ctx, update, last != nil)
	return nil
}

// nothing is what a node should have that no policy has ever selected: the API server has said that there is no ConfigMap, and there has never
// been one.
func (c *ConfigMap) nothing() *State {
	config := nodeconfig.Config{Node: c.node}
	data, err := nodeconfig.Encode(config)
	if err != nil {
		return nil // cannot be: there is nothing in it that JSON refuses
	}
	return &State{Config: config, Digest: data[nodeconfig.DigestKey]}
}

// offer puts the newest in the place of one that nobody has taken yet. Nil is that there is none.
func (c *ConfigMap) offer(config *corev1.ConfigMap) {
	select {
	case <-c.latest:
	default:
	}
	c.latest <- config
}

// deliver reads the rule set of each configuration. Where the API server does not answer it tries again, unless something newer has come. known says
// that the node has had a configuration before.
func (c *ConfigMap) deliver(ctx context.Context, update func(Update), known bool) {
	var pending *corev1.ConfigMap
	for {
		var again <-chan time.Time
		if pending != nil {
			again = time.After(retry)
		}
		select {
		case <-ctx.Done():
			return
		case pending = <-c.latest:
		case <-again:
		}
		switch {
		case pending != nil:
			if c.attempt(ctx, pending, update) {
				pending = nil
			}
		case known:
			c.log.Warn("the configuration of this node was deleted: going on with the last one", "node", c.node)
		default:
			update(Update{State: c.nothing()})
		}
		known = true
	}
}

// attempt says whether the configuration needs no further one.
func (c *ConfigMap) attempt(ctx context.Context, config *corev1.ConfigMap, update func(Update)) bool {
	state, err := decode(c.node, config.Data, func(digest string) (map[string]string, error) { return c.rules(ctx, digest) })
	if err == nil {
		if err := c.copy.save(state); err != nil {
			c.log.Error("a restart while the API server is away will go on with an older configuration", "err", err)
		}
		update(Update{State: &state})
		return true
	}
	if !errors.Is(err, errRequest) || apierrors.IsNotFound(err) {
		update(Update{Err: fmt.Errorf("ConfigMap %s/%s: %w", c.namespace, config.Name, err)})
	} else {
		c.log.Warn("reading the rule set", "node", c.node, "err", err)
	}
	return !errors.Is(err, errRequest)
}

// errRequest marks what the API server says, or that it says nothing: the answer may be another one later.
var errRequest = errors.New("the API server did not give it")

func (c *ConfigMap) rules(ctx context.Context, digest string) (map[string]string, error) {
	rules, err := c.client.CoreV1().ConfigMaps(c.namespace).Get(ctx, nodeconfig.RulesPrefix+digest, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("rule set %s: %w: %w", digest, errRequest, err)
	}
	return rules.Data, nil
}
