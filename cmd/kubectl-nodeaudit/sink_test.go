package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

func agentOn(node string, ready bool) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "agent-" + node}, Spec: corev1.PodSpec{NodeName: node}}
	status := map[bool]corev1.ConditionStatus{true: corev1.ConditionTrue, false: corev1.ConditionFalse}[ready]
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	return p
}

func TestTheAgentThatIsAsked(t *testing.T) {
	pods := []corev1.Pod{agentOn("c", true), agentOn("b", true), agentOn("a", false)}
	has := map[string][]string{"a": {"siem"}, "b": {"node-file"}, "c": {"node-file", "siem"}}
	for name, test := range map[string]struct {
		pods             []corev1.Pod
		node, sink       string
		trouble          error
		want, wantsWords string
	}{
		"the first Ready one whose node has the sink":       {pods: pods, sink: "siem", want: "agent-c"},
		"that of the node that is named":                    {pods: pods, node: "b", sink: "siem", want: "agent-b"},
		"none on a node whose agent is not Ready":           {pods: pods, node: "a", sink: "siem", wantsWords: `no agent on node "a" is Ready`},
		"none where no node has the sink":                   {pods: pods, sink: "pigeon", wantsWords: `no node has a sink "pigeon": a policy on it must have a route to it, and its agent a minute to say so. There are node-file, siem`},
		"none where no agent is Ready":                      {pods: pods[2:], sink: "siem", wantsWords: "no agent is Ready"},
		"none where the cluster does not say what is where": {pods: pods, sink: "siem", trouble: errors.New("away"), wantsWords: "away"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chooseAgent(test.pods, test.node, test.sink, func() (map[string][]string, error) { return has, test.trouble })
			if got != test.want || test.wantsWords == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), test.wantsWords) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// apiServer gives lists to everybody and lets nobody into pods.
func apiServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/exec"):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods \"agent-b\" is forbidden: User \"ann\" cannot create pods/exec","reason":"Forbidden","code":403}`)
		case strings.HasSuffix(r.URL.Path, "/namespaces/audit/pods"):
			list := corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: []corev1.Pod{agentOn("b", true)}}
			_ = json.NewEncoder(w).Encode(list)
		case strings.HasSuffix(r.URL.Path, "/nodeauditstatuses"):
			item := v1alpha1.NodeAuditStatus{ObjectMeta: metav1.ObjectMeta{Name: "b"}}
			item.Status.Sinks = []v1alpha1.SinkReport{{Name: "siem"}}
			item.APIVersion, item.Kind = v1alpha1.GroupVersion.String(), "NodeAuditStatus"
			_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": item.APIVersion, "kind": "NodeAuditStatusList", "items": []any{item}})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":"` + server.URL + `"}}],` +
		`"contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{}}]}`
}

func TestWhoMayNotRunProgramsInPodsIsToldWhatItTakes(t *testing.T) {
	got := run(t, map[string]string{"config": apiServer(t)}, "", "sink", "test", "siem", "--kubeconfig", "config", "--namespace", "audit")
	for _, part := range []string{"it takes the right to create pods/exec in namespace audit, which is root on nodes", "nodeagent --test-sink siem", `User "ann" cannot`} {
		if !strings.Contains(got.err, part) {
			t.Errorf("%q is not in %s", part, got.err)
		}
	}
}

func TestSinkTestRefusesWhatMeansNothing(t *testing.T) {
	for line, want := range map[string]string{
		"sink test":                               "name one sink",
		"sink test a b":                           "name one sink",
		"sink test a -o yaml":                     "-o yaml: it is text or json",
		"sink test a --state-dir . --node b":      "leave out --node",
		"sink test a --state-dir .":               "no agent answers on control.sock",
		"sink test a --kubeconfig does-not-exist": "finding the cluster",
	} {
		if got := run(t, nil, "", strings.Fields(line)...); !strings.Contains(got.err, want) {
			t.Errorf("%s: %s", line, got.err)
		}
	}
}
