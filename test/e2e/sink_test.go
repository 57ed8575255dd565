//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/control"
)

// tryer is nodeaudit sink test, as people run it.
func tryer(t *testing.T) func(args ...string) (control.SinkTest, error) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "nodeaudit")
	if err := command("go", "build", "-o", program, "./cmd/kubectl-nodeaudit"); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) (control.SinkTest, error) {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"sink", "test", "-o", "json"}, args...)...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
		var words strings.Builder
		cmd.Stderr = &words
		out, err := cmd.Output()
		var result control.SinkTest
		if json.Unmarshal(out, &result) != nil {
			return result, fmt.Errorf("%w: %s%s", err, out, words.String())
		}
		return result, nil
	}
}

// The agent of the host's node reaches this test on the loopback address; it says what the receiver says, and a key of a Secret that is missing.
func TestASinkIsTriedFromANode(t *testing.T) {
	var mu sync.Mutex
	var bodies string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies += string(text)
		_, _ = io.WriteString(w, "thank you")
	}))
	defer server.Close()
	for name, webhook := range map[string]*v1alpha1.WebhookSink{
		"e2e-hook": {URL: server.URL},
		"e2e-secret": {URL: server.URL, Auth: &v1alpha1.HTTPAuth{
			BearerTokenSecretRef: &v1alpha1.SecretKey{Name: "nodeaudit-sinks", Key: "no-such-key"},
		}},
	} {
		object := &v1alpha1.AuditSink{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeWebhook, Webhook: webhook}}
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = admin.Delete(context.Background(), object) })
	}
	p := policy("sinktest", watches("sinktest", "sinktest", 1))
	p.Spec.Routes = []v1alpha1.Route{{Name: "all", Sinks: []string{"node-file", "e2e-hook", "e2e-secret"}}}
	apply(t, p)
	ready(t, p)
	test := tryer(t)

	var good control.SinkTest
	eventually(t, time.Minute, func() (err error) { // a report with the new sink takes a moment
		good, err = test("e2e-hook", "--node", hostNode)
		if err == nil && good.Error != "" {
			err = fmt.Errorf("%+v", good)
		}
		return err
	})
	if !good.Delivered || good.Node != hostNode || good.Answer != "200 OK thank you" || good.Address != strings.TrimPrefix(server.URL, "http://") {
		t.Errorf("%+v", good)
	}
	mu.Lock()
	if !strings.Contains(bodies, good.ID) || !strings.Contains(bodies, "NODEAUDIT_TEST") {
		t.Errorf("arrived: %s", bodies)
	}
	mu.Unlock()
	if bad, err := test("e2e-secret", "--node", hostNode); err != nil || bad.Delivered || !strings.Contains(bad.Error, "nodeaudit-sinks/no-such-key") {
		t.Errorf("without its secret: %+v, %v", bad, err)
	}
	if file, err := test("node-file"); err != nil || !file.Delivered || file.File == "" {
		t.Errorf("a file: %+v, %v", file, err)
	}
	if _, err := test("pigeon"); err == nil || !strings.Contains(err.Error(), `no node has a sink "pigeon"`) {
		t.Errorf("a sink that is not there: %v", err)
	}
}
