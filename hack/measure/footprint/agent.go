package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
)

const node = "footprint"

// agent is the program and what it works with.
type agent struct {
	program, dir string
	idle         time.Duration
}

func (a *agent) at(name string) string { return filepath.Join(a.dir, name) }

// secrets makes those that the sinks name.
func (a *agent) secrets() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "private_key_id": "key", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": "audit@project.iam.gserviceaccount.com", "token_uri": "http://127.0.0.1:1/token",
	})
	return errors.Join(err, a.put("secrets/keys/key", []byte("secret")), a.put("secrets/keys/account", account),
		a.put("kubeconfig", []byte(`{"clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],"contexts":[{"name":"c","context":{"cluster":"c"}}],"current-context":"c"}`)))
}

func (a *agent) put(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(a.at(name)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(a.at(name), text, 0o600)
}

// configure writes what the agent has kept of a cluster with these sinks.
func (a *agent) configure(sinks []v1alpha1.AuditSink) error {
	var policy v1alpha1.AuditPolicy
	policy.Name, policy.Spec.Mode, policy.Spec.Rules = "idle", v1alpha1.ModeObserve, "-w /etc/passwd -p wa -k idle"
	var names []string
	for i := range sinks {
		names = append(names, sinks[i].Name)
	}
	if len(names) > 0 {
		policy.Spec.Routes = []v1alpha1.Route{{Name: "all", Match: v1alpha1.RouteMatch{Keys: []string{"idle"}}, Sinks: names}}
	}
	config, rules, verdicts := compile.ForNode(compile.Node{Name: node, OS: "linux"}, []v1alpha1.AuditPolicy{policy}, sinks, nil)
	for _, v := range verdicts {
		if v.Stalled() || len(v.MissingSinks) > 0 {
			return fmt.Errorf("the policy does not compile: %s %v", v.Message, v.MissingSinks)
		}
	}
	encoded, err := nodeconfig.Encode(config)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]map[string]string{"config": encoded, "rules": rules.Data()})
	if err != nil {
		return err
	}
	return a.put(filepath.Join("state", desired.File), text)
}

// run starts the agent, leaves it alone, and looks at it.
func (a *agent) run(sinks []v1alpha1.AuditSink, try bool) (string, error) {
	if err := a.configure(sinks); err != nil {
		return "", err
	}
	var words bytes.Buffer
	command := exec.Command(a.program, "--node", node, "--kubeconfig", a.at("kubeconfig"), "--namespace", "default", "--state-dir", a.at("state"), "--log-dir", a.at("log"),
		"--secrets-dir", a.at("secrets"), "--run-dir", "", "--metrics-address", "")
	command.Stderr = &words
	if err := os.MkdirAll(a.at("log"), 0o700); err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	if try {
		time.Sleep(5 * time.Second) // it has begun by then
		for i := range sinks {
			_ = exec.Command(a.program, "--state-dir", a.at("state"), "--test-sink", sinks[i].Name).Run() // nobody listens
		}
	}
	select {
	case err := <-ended:
		return "", fmt.Errorf("the agent has ended: %w\n%s", err, words.String())
	case <-time.After(a.idle):
	}
	text, err := memory(command.Process.Pid)
	_ = command.Process.Signal(syscall.SIGTERM)
	<-ended //nolint:errcheck // it was told to end
	return text, err
}
