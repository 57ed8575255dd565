package apiaudit_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Request
  omitStages: [RequestReceived]
  resources: [{group: "", resources: [pods/exec, pods/attach, pods/ephemeralcontainers]}]
`

// A real API server writes what Read reads. Its kubelet is one that agrees to every session and ends it.
func TestARealAPIServerTellsOfASession(t *testing.T) {
	assets, err := filepath.Abs("../../.local/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, needed := range []string{"kube-apiserver", "etcd", "kubectl"} {
		if _, err := os.Stat(filepath.Join(assets, needed)); err != nil {
			t.Skip("needs the programs of hack/tools/build.sh: kube-apiserver, etcd, kubectl")
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := &envtest.Environment{BinaryAssetsDirectory: assets}
	environment.ControlPlane.GetAPIServer().Configure().
		Set("audit-policy-file", filepath.Join(dir, "policy.yaml")).Set("audit-log-path", filepath.Join(dir, "audit.log"))
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = environment.Stop() })
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	port, asked := kubelet(t)
	makePod(t, client, port)
	user, err := environment.AddUser(envtest.User{Name: "alice", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kubectl, err := user.Kubectl()
	if err != nil {
		t.Fatal(err)
	}
	args := append(slices.Clone(kubectl.Opts), "exec", "web-0", "-c", "app", "--", "sh", "-c", "id")
	command := exec.CommandContext(t.Context(), filepath.Join(assets, "kubectl"), args...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	process := entered(0, "sh", "-c", "id")
	process.Who.Namespace, process.Who.Start = "default", event.MomentOf(<-asked)
	for deadline := time.Now().Add(30 * time.Second); process.Who.Actor == nil && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		apiaudit.NewJoiner(readLog(t, filepath.Join(dir, "audit.log"))).Join(process)
	}
	if got := process.Who.Actor; got == nil || got.Confidence != event.ActorHigh || got.User != "alice" || got.Via != "exec" || got.AuditID == "" {
		text, _ := os.ReadFile(filepath.Join(dir, "audit.log"))
		t.Errorf("the actor is %+v\nlog: %s", got, text)
	}
}

func readLog(t *testing.T, name string) *session.Log {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log := &session.Log{}
	if _, err := log.Read(file); err != nil {
		t.Fatal(err)
	}
	return log
}

// kubelet serves as one that switches protocols and hangs up a moment later. It tells when it was asked.
func kubelet(t *testing.T) (port int32, asked chan time.Time) {
	t.Helper()
	asked = make(chan time.Time, 8)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- time.Now()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v5.channel.k8s.io\r\n\r\n")
		time.Sleep(100 * time.Millisecond)
	}))
	t.Cleanup(server.Close)
	_, text, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(number), asked
}

func makePod(t *testing.T, client kubernetes.Interface, port int32) {
	t.Helper()
	node, err := client.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = port
	if _, err := client.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-0"}, Spec: corev1.PodSpec{
		NodeName: "n1", Containers: []corev1.Container{{Name: "app", Image: "app"}},
	}}
	pod, err = client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod.Status.Phase = corev1.PodRunning
	if _, err := client.CoreV1().Pods("default").UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
