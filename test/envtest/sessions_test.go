package envtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/session"
	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
	"github.com/nodeaudit/nodeaudit/controllers/sessions"
	"github.com/nodeaudit/nodeaudit/nodeagent/apiaudit"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// takeSessions runs a controller that takes audit events, with the objects and rights that the chart gives with apiAudit.enabled.
func takeSessions(t *testing.T, port int) {
	t.Helper()
	clean(t)
	if err := apply(t.Context(), filepath.Join("..", "..", "config", "apiaudit", "apiaudit.yaml")); err != nil && !apierrors.IsAlreadyExists(errors.Unwrap(err)) {
		t.Fatal(err)
	}
	start(t, func(o *controllers.Options) { o.APIAuditPort = port })
}

func auditSecret(t *testing.T) map[string][]byte {
	t.Helper()
	secret := &corev1.Secret{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: sessions.Name}, secret); err != nil {
		t.Fatal(err)
	}
	return secret.Data
}

// sender sends audit events as an API server does.
type sender struct {
	client *http.Client
	url    string
}

func newSender(t *testing.T, port int) sender {
	t.Helper()
	var data map[string][]byte
	eventually(t, func() error {
		if data = auditSecret(t); len(data["token"]) < 32 {
			return errors.New("the Secret has no token")
		}
		return nil
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data[certificate.AuthorityKey])
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: sessions.Name + "." + namespace + ".svc", MinVersion: tls.VersionTLS13}}
	t.Cleanup(transport.CloseIdleConnections)
	return sender{&http.Client{Transport: transport}, fmt.Sprintf("https://127.0.0.1:%d%s", port, sessions.Path)}
}

func (s sender) send(t *testing.T, method, token, body string) (int, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}

func auditEvent(id, user, pod string, begin time.Time, end string) string {
	return fmt.Sprintf(`{"auditID":%q,"stage":"ResponseStarted","requestURI":"/api/v1/namespaces/default/pods/%s/exec?command=sh&container=app","verb":"get","user":{"username":%q},`+
		`"objectRef":{"resource":"pods","namespace":"default","name":%q,"subresource":"exec"},"responseStatus":{"code":101},"requestReceivedTimestamp":%q%s}`,
		id, pod, user, pod, begin.UTC().Format(time.RFC3339Nano), end)
}

func eventList(items ...string) string {
	return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + strings.Join(items, ",") + `]}`
}

func podOn(t *testing.T, name, node string) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	create(t, pod)
	t.Cleanup(func() { _ = admin.Delete(context.Background(), pod, client.GracePeriodSeconds(0)) })
}

func documentOf(node string) (session.Document, error) {
	m := &corev1.ConfigMap{}
	if err := admin.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: nodeconfig.SessionsPrefix + node}, m); err != nil {
		return session.Document{}, err
	}
	return session.Decode(m.Data, time.Now())
}

// usersOn are the users of the sessions that a node is told of.
func usersOn(node string) ([]string, error) {
	d, err := documentOf(node)
	var users []string
	for _, s := range d.Sessions {
		users = append(users, s.User)
	}
	return users, err
}

func isToldOf(node string, want ...string) func() error {
	return func() error {
		users, err := usersOn(node)
		if diff := cmp.Diff(want, users); err != nil || diff != "" {
			return fmt.Errorf("%s is told of %w (-want +got):\n%s", node, err, diff)
		}
		return nil
	}
}

func TestEachNodeIsToldOfTheSessionsInItsPods(t *testing.T) {
	port := freePort(t)
	takeSessions(t, port)
	create(t, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n2"}})
	podOn(t, "web-0", "n1")
	podOn(t, "web-1", "n2")
	s := newSender(t, port)
	token := string(auditSecret(t)["token"])
	begin := time.Now()
	list := eventList(auditEvent("a", "alice", "web-0", begin, ""), auditEvent("b", "bob", "web-1", begin, ""), auditEvent("c", "carol", "gone", begin, ""),
		auditEvent("d", "dave", "web-0", begin.Add(-24*time.Hour), ""), strings.Replace(auditEvent("e", "eve", "web-0", begin, ""), "101", "403", 1))
	eventually(t, func() error { // until the certificate is in use
		code, err := s.send(t, http.MethodPost, "", list)
		if err == nil && code != http.StatusUnauthorized {
			t.Errorf("nobody's list is answered with %d", code)
		}
		return err
	})
	for name, try := range map[string]struct {
		method, token, body string
		want                int
	}{
		"a wrong token":      {http.MethodPost, strings.Repeat("x", 52), list, http.StatusUnauthorized},
		"a part of it":       {http.MethodPost, token[:32], list, http.StatusUnauthorized},
		"no list":            {http.MethodPost, token, "[]", http.StatusBadRequest},
		"a list that is cut": {http.MethodPost, token, list[:len(list)-3], http.StatusBadRequest},
		"too long a list":    {http.MethodPost, token, `{"items":["` + strings.Repeat("x", 17<<20) + `"]}`, http.StatusRequestEntityTooLarge},
		"another method":     {http.MethodGet, token, "", http.StatusMethodNotAllowed},
	} {
		if code, err := s.send(t, try.method, try.token, try.body); err == nil && code != try.want {
			t.Errorf("%s: answered with %d, want %d", name, code, try.want)
		}
	}
	if code, err := s.send(t, http.MethodPost, token, list); err != nil || code != http.StatusOK {
		t.Fatalf("answered with %d, %v", code, err)
	}
	eventually(t, isToldOf("n1", "alice"))
	eventually(t, isToldOf("n2", "bob"))
	if code, err := s.send(t, http.MethodPost, token, eventList(auditEvent("f", "frank", "web-0", begin.Add(time.Second), ""))); err != nil || code != http.StatusOK {
		t.Fatalf("answered with %d, %v", code, err)
	}
	eventually(t, isToldOf("n1", "alice", "frank"))

	// Of a session with too long a name no node is told: none can be sure any more of what began before it.
	missed := begin.Add(-time.Second)
	if code, err := s.send(t, http.MethodPost, token, eventList(auditEvent("g", strings.Repeat("g", 600), "web-0", missed, ""))); err != nil || code != http.StatusOK {
		t.Fatalf("answered with %d, %v", code, err)
	}
	for _, node := range []string{"n1", "n2"} {
		eventually(t, func() error {
			d, err := documentOf(node)
			if err == nil && !d.Lost.Equal(missed) {
				err = fmt.Errorf("%s is told that a session was missed at %v, want %v", node, d.Lost, missed)
			}
			return err
		})
	}

	m := &corev1.ConfigMap{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: nodeconfig.SessionsPrefix + "n1"}, m); err != nil {
		t.Fatal(err)
	}
	if len(m.OwnerReferences) != 1 || m.OwnerReferences[0].Kind != "Node" || m.Labels[nodeconfig.KindLabel] != nodeconfig.KindSessions {
		t.Errorf("the ConfigMap belongs to %v, with labels %v", m.OwnerReferences, m.Labels)
	}
	node := &corev1.ConfigMap{}
	err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: nodeconfig.NodePrefix + "n1"}, node)
	if !apierrors.IsNotFound(err) {
		t.Errorf("a node that no policy selects has a configuration: %v", err)
	}
}

func TestAnAPIServerIsAskedToSendAgainWhatIsTooMuch(t *testing.T) {
	port := freePort(t)
	takeSessions(t, port)
	s := newSender(t, port)
	token := string(auditSecret(t)["token"])
	var items []string
	for i := range 1500 {
		items = append(items, auditEvent(fmt.Sprint(i), "alice", "gone", time.Now(), ""))
	}
	eventually(t, func() error {
		code, err := s.send(t, http.MethodPost, token, eventList(items...))
		if err == nil && code != http.StatusTooManyRequests {
			t.Errorf("1,500 sessions at once are answered with %d", code)
		}
		return err
	})
	eventually(t, func() error {
		if code, err := s.send(t, http.MethodPost, token, eventList(items[0])); err != nil || code != http.StatusOK {
			return fmt.Errorf("answered with %d, %w", code, err)
		}
		return nil
	})
}

func TestATokenIsReplacedWhileTheOtherIsInUse(t *testing.T) {
	port := freePort(t)
	takeSessions(t, port)
	s := newSender(t, port)
	secret := &corev1.Secret{}
	secret.Namespace, secret.Name = namespace, sessions.Name
	next := strings.Repeat("n", 40)
	before := auditSecret(t)
	edit(t, secret, func(o *corev1.Secret) { o.Data["token-2"], o.Data["token-short"] = []byte(next+"\n"), []byte("guess") })
	for name, token := range map[string]string{"the old one": string(before["token"]), "the new one": next} {
		eventually(t, func() error {
			if code, err := s.send(t, http.MethodPost, token, eventList()); err != nil || code != http.StatusOK {
				return fmt.Errorf("%s is answered with %d, %w", name, code, err)
			}
			return nil
		})
	}
	if code, err := s.send(t, http.MethodPost, "guess", eventList()); err != nil || code != http.StatusUnauthorized {
		t.Errorf("one that can be guessed is answered with %d, %v", code, err)
	}
	if after := auditSecret(t); !bytes.Equal(after[certificate.ServingKey], before[certificate.ServingKey]) {
		t.Error("a new token has changed the certificate")
	}
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Request
  omitStages: [RequestReceived]
  resources: [{group: "", resources: [pods/exec, pods/attach, pods/ephemeralcontainers]}]
`

// A real API server sends what its kubectl exec and debug are, with the configuration that docs/search.md shows, and the agent of the node names who it was.
func TestARealAPIServerTellsAnAgentWhoItWas(t *testing.T) {
	port := freePort(t)
	data, err := certificate.Renew(nil, []string{sessions.Name + "." + namespace + ".svc"}, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	data["token"] = []byte(strings.Repeat("t", 40))
	anotherCluster(t, port, data)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: sessions.Name}, Data: data}
	if err := apply(t.Context(), filepath.Join("..", "..", "config", "apiaudit", "apiaudit.yaml")); err != nil {
		t.Fatal(err)
	}
	edit(t, secret, func(s *corev1.Secret) { s.Data = data })
	start(t, func(o *controllers.Options) { o.APIAuditPort = port })
	kubeletPort := fakeKubelet(t)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	create(t, node)
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = kubeletPort
	if err := admin.Status().Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	podOn(t, "web-0", "n1")

	agent, _ := asAgent(t)
	documents := make(chan session.Document, 16)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go desired.NewSessions(agent, namespace, "n1", slog.New(slog.NewTextHandler(t.Output(), nil))).Run(ctx, func(d session.Document) { documents <- d })

	live := apiaudit.NewLive(time.Now().Add(-time.Minute))
	alice := rest.CopyConfig(cluster)
	alice.Impersonate.UserName = "alice"
	alice.Impersonate.Groups = []string{"system:masters"}
	as, err := kubernetes.NewForConfig(alice)
	if err != nil {
		t.Fatal(err)
	}
	exec := as.CoreV1().RESTClient().Post().Resource("pods").Namespace("default").Name("web-0").SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: "app", Command: []string{"sh", "-c", "id"}, Stdout: true}, clientgoscheme.ParameterCodec)
	executor, err := remotecommand.NewSPDYExecutor(alice, http.MethodPost, exec.URL())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	go func() { _ = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: io.Discard}) }() // the kubelet hangs up
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web-0"}}
	patch := `{"spec":{"ephemeralContainers":[{"name":"debugger","image":"sh"}]}}`
	if err := admin.SubResource("ephemeralcontainers").Patch(t.Context(), pod, client.RawPatch("application/strategic-merge-patch+json", []byte(patch))); err != nil {
		t.Fatal(err)
	}

	added := time.Now()
	process := func(pid uint32, container string, began time.Time) *event.Event {
		e := &event.Event{Time: began, Node: "n1", Call: event.Call{Syscall: "execve"}, Process: event.Process{PID: event.NewID(pid), Comm: "sh", Args: []string{"sh", "-c", "id"}}}
		e.Who = event.Who{Confidence: event.ConfidenceExact, Namespace: "default", Pod: "web-0", Container: container, Start: event.MomentOf(began), Entered: pid == 200}
		if pid != 200 {
			e.Who.ContainerType = event.ContainerEphemeral
		}
		return e
	}
	live.Join(process(200, "app", began)) // before anybody knows of a session
	live.Join(process(300, "debugger", added))
	found := map[string]event.Actor{}
	for deadline := time.After(40 * time.Second); len(found) < 2; {
		select {
		case d := <-documents:
			for _, p := range live.Learn(d) {
				e := p.Event(time.Now())
				found[e.PID.String()] = *e.Who.Actor
			}
		case <-deadline:
			t.Fatalf("after 40 s only this is known: %v", found)
		}
	}
	if a := found["200"]; a.User != "alice" || a.ImpersonatedBy == "" || a.Via != session.Exec || a.Confidence != event.ActorHigh || a.AuditID == "" {
		t.Errorf("exec was %+v", a)
	}
	if a := found["300"]; a.User == "" || a.Via != session.Debug || a.Confidence != event.ActorHigh {
		t.Errorf("debug was %+v", a)
	}
}

// anotherCluster is one whose API server sends audit events to a port of this machine. The test uses it in place of that of the others.
func anotherCluster(t *testing.T, port int, data map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := file("ca.crt", string(data[certificate.AuthorityKey]))
	kubeconfig := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: nodeaudit, cluster: {server: "https://127.0.0.1:%d/audit", tls-server-name: nodeaudit-apiaudit.nodeaudit-system.svc, certificate-authority: %s}}]
users: [{name: api-server, user: {token: %s}}]
contexts: [{name: nodeaudit, context: {cluster: nodeaudit, user: api-server}}]
current-context: nodeaudit
`, port, authority, data["token"])
	assets, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets, CRDDirectoryPaths: []string{filepath.Join("..", "..", "config", "crd", "bases")}, ErrorIfCRDPathMissing: true,
	}
	environment.ControlPlane.GetAPIServer().Configure().Set("audit-policy-file", file("policy.yaml", auditPolicy)).
		Set("audit-webhook-config-file", file("webhook.yaml", kubeconfig)).Set("audit-webhook-batch-max-wait", "1s").Set("audit-webhook-initial-backoff", "1s")
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = environment.Stop() })
	thisCluster, thisAdmin := cluster, admin
	t.Cleanup(func() { cluster, admin = thisCluster, thisAdmin })
	cluster = config
	if err := prepare(); err != nil {
		t.Fatal(err)
	}
}

// fakeKubelet serves as one that switches protocols and hangs up a moment later.
func fakeKubelet(t *testing.T) int32 {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
	return int32(number)
}
