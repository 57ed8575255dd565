package envtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers"
)

const (
	namespace = "nodeaudit-system"
	account   = "system:serviceaccount:nodeaudit-system:nodeaudit-controller"
)

var (
	// cluster is the administrator's access, which admin uses.
	cluster *rest.Config
	admin   client.Client
)

func TestMain(m *testing.M) {
	flag.Parse()
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (int, error) {
	assets, err := assets()
	if err != nil {
		return 1, err
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	if cluster, err = environment.Start(); err != nil {
		return 1, fmt.Errorf("starting kube-apiserver and etcd: %w", err)
	}
	if err := prepare(); err != nil {
		return 1, errors.Join(err, environment.Stop())
	}
	status := m.Run()
	return status, environment.Stop()
}

// assets is the folder of kube-apiserver and etcd. These tests do not skip: what does not run proves nothing.
func assets() (string, error) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		dir = filepath.Join("..", "..", ".local", "bin")
	}
	for _, program := range []string{"kube-apiserver", "etcd"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return "", fmt.Errorf("these tests need kube-apiserver and etcd: build them with `hack/tools/build.sh kubernetes`, or run `make test-envtest`, "+
				"which does, or set KUBEBUILDER_ASSETS to a folder that has them: %w", err)
		}
	}
	return filepath.Abs(dir)
}

func prepare() error {
	cluster.QPS, cluster.Burst = 1000, 1000
	scheme, err := controllers.Scheme()
	if err != nil {
		return err
	}
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	if admin, err = client.New(cluster, client.Options{Scheme: scheme, FieldValidation: metav1.FieldValidationStrict}); err != nil {
		return err
	}
	ctx := context.Background()
	if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	rights := filepath.Join("..", "..", "config", "rbac")
	return errors.Join(apply(ctx, filepath.Join(rights, "controller.yaml")), apply(ctx, filepath.Join(rights, "agent.yaml")))
}

// apply creates the objects of a file.
func apply(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		var object unstructured.Unstructured
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if object.Object == nil {
			continue
		}
		if err := admin.Create(ctx, &object); err != nil {
			return fmt.Errorf("creating %s: %w", object.GetName(), err)
		}
	}
}

// start runs a controller with the rights of its account until the test or the returned function ends it.
func start(t *testing.T, change ...func(*controllers.Options)) (stop func()) {
	t.Helper()
	options := controllers.Options{
		Namespace: namespace, MetricsAddress: "0", HealthAddress: "0", StaleAfter: staleAfter,
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, c := range change {
		c(&options)
	}
	config := rest.CopyConfig(cluster)
	config.Impersonate.UserName = account
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- controllers.Run(ctx, config, options) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the controller ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}
