package chart

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

const storageMigrator = "system:serviceaccount:kube-system:storage-version-migrator"

func TestAReportIsWrittenByTheAgentOfItsNodeOnly(t *testing.T) {
	s := cluster(t)
	agentA, agentB, unbound := s.agent(t, "a"), s.agent(t, "b"), s.account(t, "nodeaudit-agent")
	if err := report(t, agentA, "a", "first"); err != nil {
		t.Fatalf("the agent on a creates the report on a: %v", err)
	}
	for _, row := range []struct {
		name    string
		try     func() error
		refusal string // empty: allowed
	}{
		{"the agent on a changes its report", func() error { return report(t, agentA, "a", "second") }, ""},
		{"the agent on b creates its own", func() error { return report(t, agentB, "b", "first") }, ""},
		{
			"the agent on b changes the report on a", func() error { return report(t, agentB, "a", "a lie") },
			"the nodeaudit agent on node b may write the NodeAuditStatus b only, not a",
		},
		{
			"the agent on b creates a report on a node that has none", func() error { return report(t, agentB, "c", "a lie") },
			"the nodeaudit agent on node b may write the NodeAuditStatus b only, not c",
		},
		{
			"a token of the agents' account that no pod has", func() error { return report(t, unbound, "a", "a lie") },
			"this token of the nodeaudit agent is not bound to a pod on a node",
		},
		{
			"an administrator changes a report", func() error { return report(t, s.admin, "a", "a lie") },
			"the report on node a is written by the nodeaudit agent on that node only, not by admin",
		},
		{
			"an administrator creates a report", func() error { return report(t, s.admin, "d", "a lie") },
			"the report on node d is written by the nodeaudit agent on that node only, not by admin",
		},
		{
			"an agent adds a finalizer", func() error { return patch(t, agentA, status("a"), `{"metadata":{"finalizers":["example.org/stay"]}}`) },
			"a nodeaudit agent may not add finalizers",
		},
		{"somebody labels a report", func() error { return patch(t, s.admin, status("a"), `{"metadata":{"labels":{"team":"x"}}}`) }, ""},
		{
			"somebody migrates stored reports", func() error { return rewrite(t, s.as(t, storageMigrator), status("a")) }, "",
		},
		{"an administrator deletes a report", func() error { return s.admin.Delete(t.Context(), status("b")) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) { expect(t, row.try(), row.refusal) })
	}
}

func TestTheConfigurationOfNodesIsWrittenByTheControllerOnly(t *testing.T) {
	s := cluster(t)
	controller, uninstall, agent := s.account(t, "nodeaudit-controller"), s.account(t, "nodeaudit-uninstall"), s.agent(t, "e")
	for _, object := range []*corev1.ConfigMap{
		configMap(nodeconfig.NodePrefix+"e", nodeconfig.KindNode, "{}"),
		configMap(nodeconfig.RulesPrefix+"0123", nodeconfig.KindRules, "-w /etc/passwd -p wa -k identity\n"),
	} {
		if err := controller.Create(t.Context(), object); err != nil {
			t.Fatalf("the controller creates %s: %v", object.Name, err)
		}
	}
	node := func(config string) *corev1.ConfigMap {
		return configMap(nodeconfig.NodePrefix+"e", nodeconfig.KindNode, config)
	}
	only := " is written by the nodeaudit controller only, not by admin: change the AuditPolicy instead"
	for _, row := range []struct {
		name    string
		try     func() error
		refusal string
	}{
		{"the controller changes one", func() error { return controller.Update(t.Context(), node("1")) }, ""},
		{"an administrator edits one", func() error { return s.admin.Update(t.Context(), node("2")) }, "nodeaudit-node-e" + only},
		{
			"an administrator edits a rule set", func() error {
				return patch(t, s.admin, configMap(nodeconfig.RulesPrefix+"0123", "", ""), `{"data":{"config.json":""}}`)
			}, "nodeaudit-rules-0123" + only,
		},
		{"an administrator creates one", func() error { return s.admin.Create(t.Context(), configMap(nodeconfig.NodePrefix+"f", "", "{}")) }, "nodeaudit-node-f" + only},
		{"an administrator creates one under another name with the label", func() error {
			return s.admin.Create(t.Context(), configMap("other", nodeconfig.KindRules, "{}"))
		}, "other" + only},
		{"an administrator takes the label off", func() error {
			return patch(t, s.admin, node(""), `{"metadata":{"labels":{"nodeaudit.dev/kind":null}}}`)
		}, "nodeaudit-node-e" + only},
		{"an agent edits its own", func() error { return agent.Update(t.Context(), node("2")) }, `cannot update resource "configmaps"`},
		{"somebody migrates stored objects", func() error { return rewrite(t, s.as(t, storageMigrator), node("")) }, ""},
		{"an administrator creates another ConfigMap", func() error { return s.admin.Create(t.Context(), configMap("mine", "", "{}")) }, ""},
		{"somebody uses such a name in another namespace", func() error {
			object := node("{}")
			object.Namespace = "default"
			return s.admin.Create(t.Context(), object)
		}, ""},
		{"the uninstall job empties one", func() error { return uninstall.Update(t.Context(), node("3")) }, ""},
		{"the uninstall job deletes one", func() error { return uninstall.Delete(t.Context(), node("")) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) { expect(t, row.try(), row.refusal) })
	}
}

func expect(t *testing.T, err error, refusal string) {
	t.Helper()
	switch {
	case refusal == "" && err != nil:
		t.Errorf("refused: %v", err)
	case refusal != "" && !apierrors.IsForbidden(err):
		t.Errorf("got %v, want Forbidden", err)
	case refusal != "" && !strings.Contains(err.Error(), refusal):
		t.Errorf("the refusal is %q, want %q in it", err, refusal)
	}
}

// report writes a NodeAuditStatus as the agent does.
func report(t *testing.T, c client.Client, node, message string) error {
	t.Helper()
	object := status(node)
	object.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "NodeAuditStatus"}
	object.Status.Message = message
	return c.Patch(t.Context(), object, client.Apply, client.FieldOwner("nodeagent"), client.ForceOwnership) //nolint:staticcheck // there are no generated apply configurations
}

func status(node string) *v1alpha1.NodeAuditStatus {
	return &v1alpha1.NodeAuditStatus{
		ObjectMeta: metav1.ObjectMeta{Name: node},
		Status:     v1alpha1.NodeAuditReport{HeartbeatTime: metav1.Now(), State: v1alpha1.NodeInSync},
	}
}

func patch(t *testing.T, c client.Client, object client.Object, merge string) error {
	t.Helper()
	return c.Patch(t.Context(), object, client.RawPatch("application/merge-patch+json", []byte(merge)))
}

// rewrite writes an object back as it is, as the migration of stored objects does.
func rewrite(t *testing.T, c client.Client, object client.Object) error {
	t.Helper()
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		return err
	}
	return c.Update(t.Context(), object)
}

func configMap(name, kind, config string) *corev1.ConfigMap {
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]string{nodeconfig.ConfigKey: config}}
	if kind != "" {
		object.Labels = map[string]string{nodeconfig.KindLabel: kind}
	}
	return object
}

// agent returns a client with the token that an agent has on a node: the API server puts the name of the pod's node into it.
func (s *server) agent(t *testing.T, node string) client.Client {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "agent-on-" + node},
		Spec: corev1.PodSpec{
			NodeName: node, ServiceAccountName: "nodeaudit-agent",
			Containers: []corev1.Container{{Name: "agent", Image: "localhost/nodeaudit/nodeagent:dev"}},
		},
	}
	labels := map[string]string{corev1.LabelOSStable: "linux"}
	for _, object := range []client.Object{&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node, Labels: labels}}, pod} {
		if err := s.admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	return newClient(t, s.token(t, "nodeaudit-agent", pod))
}

// account returns a client with a token of a service account of the chart that is bound to no pod.
func (s *server) account(t *testing.T, name string) client.Client {
	t.Helper()
	return newClient(t, s.token(t, name, nil))
}

// token returns the access of a service account, by a token that is bound to the pod, or to nothing.
func (s *server) token(t *testing.T, name string, pod *corev1.Pod) *rest.Config {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	request := &authenticationv1.TokenRequest{}
	if pod != nil {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID}
	}
	if err := s.admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(s.config)
	config.BearerToken = request.Status.Token
	return config
}

// as returns an administrator's client under another name.
func (s *server) as(t *testing.T, username string) client.Client {
	t.Helper()
	config := rest.CopyConfig(s.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: username, Groups: []string{"system:masters"}}
	return newClient(t, config)
}

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
