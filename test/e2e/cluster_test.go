//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

const (
	release   = "nodeaudit"
	namespace = "nodeaudit-system"
	hostNode  = "host" // the node in the machine's own network namespace: the only one that gets audit records
)

var (
	nodes      = []string{hostNode, "n1", "n2"}
	kubeconfig = filepath.Join(root, ".local/cluster/kubeconfig")
	config     *rest.Config
	admin      client.Client
	scheme     = runtime.NewScheme()
)

func init() {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
}

func connect() error {
	var err error
	if config, err = clientcmd.BuildConfigFromFlags("", kubeconfig); err != nil {
		return fmt.Errorf("reading %s: %w", kubeconfig, err)
	}
	config.QPS = -1
	admin, err = client.New(config, client.Options{Scheme: scheme})
	return err
}

// eventually repeats check until it returns nil, and fails the test with its last error after the time given.
func eventually(t *testing.T, within time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %s: %v", within, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// throughout repeats check for the time given and fails the test at its first error.
func throughout(t *testing.T, duration time.Duration, check func() error) {
	t.Helper()
	for end := time.Now().Add(duration); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err := check(); err != nil {
			t.Fatal(err)
		}
	}
}

// agentPod returns the agent's pod on a node.
func agentPod(t *testing.T, node string) *corev1.Pod {
	t.Helper()
	var found *corev1.Pod
	eventually(t, time.Minute, func() error {
		var pods corev1.PodList
		if err := admin.List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/component": "agent"}); err != nil {
			return err
		}
		for i := range pods.Items {
			if p := &pods.Items[i]; p.Spec.NodeName == node && p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning {
				found = p
				return nil
			}
		}
		return fmt.Errorf("no agent runs on node %s", node)
	})
	return found
}

// killAgent ends the agent's process on a node at once, as the kernel does when memory is short. It finds it among the processes in the
// cluster's own cgroup, so that no other nodeagent of this machine is meant.
func killAgent(t *testing.T, node string) {
	t.Helper()
	pids := agentProcesses(node)
	if len(pids) == 0 {
		t.Fatalf("no agent process on node %s", node)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatalf("killing the agent on node %s: %v", node, err)
		}
	}
}

func agentProcesses(node string) []int {
	var pids []int
	files, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, file := range files {
		dir := filepath.Dir(file)
		comm, _ := os.ReadFile(file)
		groups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		if strings.TrimSpace(string(comm)) != "nodeagent" || !strings.Contains(string(groups), "/nodeaudit/"+node+"/") {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func apiServer(t *testing.T, verb string) {
	t.Helper()
	if err := command(filepath.Join(root, "hack/cluster/apiserver.sh"), verb); err != nil {
		t.Fatal(err)
	}
}
