package chart

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

const (
	release   = "nodeaudit"
	namespace = "nodeaudit-system"
)

var (
	root   = filepath.Join("..", "..")
	tools  = filepath.Join(root, ".local", "bin")
	scheme = runtime.NewScheme()

	// shared is the API server of all tests that do not need one to themselves, with the chart installed.
	shared struct {
		once   sync.Once
		server *server
		err    error
	}
)

func TestMain(m *testing.M) {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	status := m.Run()
	if shared.server != nil {
		if err := shared.server.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// A server is a kube-apiserver with its etcd, and an administrator's access to it.
type server struct {
	environment *envtest.Environment
	config      *rest.Config
	admin       client.Client
	kubeconfig  string
}

func start() (*server, error) {
	s := &server{environment: &envtest.Environment{BinaryAssetsDirectory: tools}}
	var err error
	if s.config, err = s.environment.Start(); err != nil {
		return nil, fmt.Errorf("starting kube-apiserver and etcd from %s, where `make tools` puts them: %w", tools, err)
	}
	s.config.QPS = -1
	if s.admin, err = client.New(s.config, client.Options{Scheme: scheme}); err != nil {
		return nil, err
	}
	// Not in a folder of one test: the shared server outlives it.
	file, err := os.CreateTemp("", "nodeaudit-kubeconfig-")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s.kubeconfig = file.Name()
	_, err = file.Write(s.environment.KubeConfig)
	return s, err
}

func (s *server) stop() error {
	if err := os.Remove(s.kubeconfig); err != nil {
		return err
	}
	return s.environment.Stop()
}

// run runs one of the tools on the server.
func (s *server) run(ctx context.Context, name string, args ...string) (string, error) {
	return run(ctx, []string{"KUBECONFIG=" + s.kubeconfig}, name, args...)
}

// cluster returns the shared server with the chart installed by Helm 4. No pod ever starts in it.
func cluster(t *testing.T) *server {
	t.Helper()
	shared.once.Do(func() {
		if shared.server, shared.err = start(); shared.err != nil {
			return
		}
		shared.err = shared.server.install(context.Background())
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// install installs the chart with Helm 4, and what Helm keeps for the uninstall, and waits until the admission policies are in force: the
// API server learns of them by a watch.
func (s *server) install(ctx context.Context) error {
	if _, err := s.run(ctx, "helm", "install", release, chart, "--namespace", namespace, "--create-namespace"); err != nil {
		return err
	}
	if _, err := s.run(ctx, "kubectl", "apply", "-f", filepath.Join(root, "config", "uninstall", "rbac.yaml")); err != nil {
		return err
	}
	for _, object := range []client.Object{status("probe"), configMap("nodeaudit-node-probe", "", "")} {
		if err := s.untilRefused(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) untilRefused(ctx context.Context, object client.Object) error {
	for range 300 {
		if err := s.admin.Create(ctx, object.DeepCopyObject().(client.Object), client.DryRunAll); apierrors.IsForbidden(err) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the admission policies are not in force after 15 seconds: an administrator may still create %T", object)
}

// run runs one of the tools in .local/bin and returns its standard output; the error has its standard error.
func run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	program, err := filepath.Abs(filepath.Join(tools, name))
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	// Helm keeps what it likes below the home: here, nothing.
	cmd.Env = append(os.Environ(), append(env, "HELM_CACHE_HOME=/nonexistent", "HELM_CONFIG_HOME=/nonexistent", "HELM_DATA_HOME=/nonexistent")...)
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, problems.String())
	}
	return out.String(), nil
}
