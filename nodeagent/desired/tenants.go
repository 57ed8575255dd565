package desired

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// TenantsFile is the name of the last good document of tenants in the state directory.
const TenantsFile = "tenants.json"

// Tenants watches what the people of namespaces ask for.
type Tenants struct {
	client          kubernetes.Interface
	namespace, path string
	log             *slog.Logger
}

// NewTenants returns what watches the ConfigMap of tenants, and keeps the last good document in stateDir.
func NewTenants(client kubernetes.Interface, namespace, stateDir string, log *slog.Logger) *Tenants {
	return &Tenants{client: client, namespace: namespace, path: filepath.Join(stateDir, TenantsFile), log: log}
}

// Run calls update, from one goroutine at a time, with the last good document of an earlier run and then with each change, until ctx ends. A ConfigMap
// that is deleted is no change.
func (t *Tenants) Run(ctx context.Context, update func(nodeconfig.Tenants)) {
	if data, err := t.load(); err != nil {
		t.log.Warn("starting without the last good document of tenants", "err", err)
	} else if data != nil {
		t.take(data, update)
	}
	latest := make(chan *corev1.ConfigMap)
	offer := func(m *corev1.ConfigMap) {
		select {
		case latest <- m:
		case <-ctx.Done():
		}
	}
	go follow(ctx, t.client, t.namespace, nodeconfig.TenantsName, follower{changed: offer, missing: func() {}})
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-latest:
			if t.take(m.Data, update) {
				t.save(m.Data)
			}
		}
	}
}

// take hands on what is as its digest says.
func (t *Tenants) take(data map[string]string, update func(nodeconfig.Tenants)) bool {
	tenants, err := nodeconfig.DecodeTenants(data)
	if err != nil {
		t.log.Error("going on with what tenants asked for before", "err", fmt.Errorf("ConfigMap %s/%s: %w", t.namespace, nodeconfig.TenantsName, err))
		return false
	}
	update(tenants)
	return true
}

func (t *Tenants) save(data map[string]string) {
	text, err := json.Marshal(data)
	if err == nil {
		err = renameio.WriteFile(t.path, text, 0o600)
	}
	if err != nil {
		t.log.Error("a restart while the API server is away will go on with what tenants asked for before", "err", err)
	}
}

// load returns nil where there is nothing.
func (t *Tenants) load() (map[string]string, error) {
	text, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	var data map[string]string
	if err == nil {
		err = json.Unmarshal(text, &data)
	}
	return data, err
}
