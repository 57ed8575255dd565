//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

func TestAConfigMapThatIsEditedByHandIsRepairedAndNeverLoaded(t *testing.T) {
	p := create(t, "edited", "-w /etc/nodeaudit-e2e-edited -p wa -k edited\n")
	ready(t, p)
	before := nodeConfigMap(t, hostNode)

	edit := func() error {
		edited := before.DeepCopy()
		edited.Data[nodeconfig.ConfigKey] = strings.Replace(edited.Data[nodeconfig.ConfigKey], `"ruleSet"`, `"ruleset-no-more"`, 1)
		return admin.Update(t.Context(), edited)
	}
	if err := edit(); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "change the AuditPolicy instead") {
		t.Errorf("an edit by hand: %v, want a refusal by the admission policy that says what to do", err)
	}
	unbind(t, "nodeaudit-configmaps")
	eventually(t, 30*time.Second, edit)
	throughout(t, 2*time.Second, func() error { return present("edited") })
	eventually(t, 30*time.Second, func() error {
		if got := nodeConfigMap(t, hostNode); got.Data[nodeconfig.ConfigKey] != before.Data[nodeconfig.ConfigKey] {
			return fmt.Errorf("the edit is still there: %s", got.Data[nodeconfig.ConfigKey])
		}
		return nil
	})
	ready(t, p)
}

// unbind does what an installation without that admission policy has, until the end of the test.
func unbind(t *testing.T, name string) {
	t.Helper()
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: name}, binding); err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		binding.ResourceVersion, binding.UID = "", ""
		if err := admin.Create(context.Background(), binding); err != nil {
			t.Error(err)
		}
	})
}

func TestAConfigMapThatIsDeletedComesBack(t *testing.T) {
	p := create(t, "removed", "-w /etc/nodeaudit-e2e-removed -p wa -k removed\n")
	ready(t, p)
	node := nodeConfigMap(t, hostNode)
	config, _, err := nodeconfig.Decode(node.Data)
	if err != nil {
		t.Fatal(err)
	}
	rules := &corev1.ConfigMap{}
	rules.Namespace, rules.Name = namespace, nodeconfig.RulesPrefix+config.RuleSet
	for _, object := range []*corev1.ConfigMap{rules, node} {
		uid := deleted(t, object)
		eventually(t, 30*time.Second, func() error {
			if err := present("removed"); err != nil {
				t.Fatal(err)
			}
			if err := admin.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
				return err
			}
			if object.UID == uid {
				return fmt.Errorf("%s is still being deleted", object.Name)
			}
			return nil
		})
	}
	ready(t, p)
}

// deleted deletes the object and returns the uid that it had.
func deleted(t *testing.T, object *corev1.ConfigMap) types.UID {
	t.Helper()
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	return object.UID
}

func nodeConfigMap(t *testing.T, node string) *corev1.ConfigMap {
	t.Helper()
	var object corev1.ConfigMap
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: nodeconfig.NodePrefix + node}, &object); err != nil {
		t.Fatal(err)
	}
	return &object
}

// configDigests returns the digests of all nodes' configurations.
func configDigests(t *testing.T) string {
	t.Helper()
	var all []string
	for _, node := range nodes {
		all = append(all, node+"="+nodeConfigMap(t, node).Data[nodeconfig.DigestKey])
	}
	return strings.Join(all, " ")
}
